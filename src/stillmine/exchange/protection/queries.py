# SPDX-License-Identifier: Apache-2.0
"""Find a case by its id, and active fingerprints by their value. What a person sees of a case is `person/case_page.py`."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from itertools import product

from stillmine.exchange.keys.seal import blind_index
from stillmine.exchange.rows.cases import Case, Fingerprint
from stillmine.exchange.transaction.context import Context
from stillmine.wire.case import FingerprintState
from stillmine.wire.kinds import Kind


def find_case(case_id: bytes) -> Case | None:
    """Return the case with this id, whoever asks; the caller still has to check the token."""
    return Case.objects.filter(case_id=case_id.hex()).first()


def active_fingerprints_with(exchange: Context, kinds: Collection[Kind], values: Iterable[str]) -> dict[tuple[str, str], list[str]]:
    """Return the active fingerprints of any case that are of these kinds and have one of these values: (kind, value) -> ids."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    wanted = {(kind.value, blind_index(exchange.secret, kind.value, value)): value for kind, value in product(kinds, values)}
    of_kinds = Fingerprint.objects.filter(kind__in=[kind.value for kind in kinds], blind_index__in=[index for _, index in wanted])
    rows = of_kinds.filter(state=FingerprintState.ACTIVE).order_by("id")
    for fingerprint_id, kind, index in rows.values_list("id", "kind", "blind_index"):
        if (kind, index) in wanted:
            found[kind, wanted[kind, index or ""]].append(fingerprint_id)
    return found
