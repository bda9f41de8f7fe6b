# SPDX-License-Identifier: Apache-2.0
"""A clone measures matching on the same fingerprints as everybody: those of the pairs of real bits that come with the bench."""

from pathlib import Path

import numpy as np
from matching_data import BITS, keep_pairs, kept_pairs, pairs_of, realistic, uniform

DRAWN = 50_000


def test_what_is_drawn_has_the_shares_and_correlations_of_the_real_ones() -> None:
    kept = kept_pairs()
    assert kept.count == 31_484
    assert np.abs(kept.correlations - np.eye(BITS)).max() > 0.3
    drawn = pairs_of(realistic(kept)(np.random.default_rng(1), DRAWN))
    assert np.abs(drawn.shares - kept.shares).max() < 0.02
    assert np.abs(drawn.correlations - kept.correlations).max() < 0.03


def test_pairs_are_kept_as_they_were_counted(tmp_path: Path) -> None:
    counted = pairs_of(uniform(np.random.default_rng(2), 1000))
    keep_pairs(counted, tmp_path / "pairs.npy")
    kept = kept_pairs(tmp_path / "pairs.npy")
    assert kept.count == counted.count
    assert (kept.ones == counted.ones).all()
    bits = np.unpackbits(uniform(np.random.default_rng(2), 1000), axis=1)
    assert np.allclose(kept.correlations, np.corrcoef(bits, rowvar=False))
