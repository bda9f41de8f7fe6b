# SPDX-License-Identifier: Apache-2.0
"""Prints kernel/src/index_permutation.h: which bit of a fingerprint stands where in the index.

Neighbouring bits of PDQ are correlated, so the bits of a band are drawn from everywhere. The drawing is fixed: a snapshot holds
permuted values, and changing one entry makes every snapshot unreadable.
"""

import sys

BITS = 256
_SEED = 0x5354494C4C4D494E
_MASK = (1 << 64) - 1


def permutation() -> list[int]:
    """Return the bit of the fingerprint that stands at each place (Fisher-Yates over splitmix64)."""
    places = list(range(BITS))
    state = _SEED
    for last in range(BITS - 1, 0, -1):
        state = (state + 0x9E3779B97F4A7C15) & _MASK
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        chosen = (mixed ^ (mixed >> 31)) % (last + 1)
        places[last], places[chosen] = places[chosen], places[last]
    return places


def render() -> str:
    """Return the header."""
    places = permutation()
    rows = [", ".join(str(place) for place in places[start : start + 16]) for start in range(0, BITS, 16)]
    return "\n".join(
        [
            "/* SPDX-License-Identifier: Apache-2.0 */",
            "/* Made by tools/generate_index_permutation.py. Bit j of a permuted value is bit stillmine_permutation[j] of the value. */",
            "#ifndef STILLMINE_INDEX_PERMUTATION_H",
            "#define STILLMINE_INDEX_PERMUTATION_H",
            "",
            "#include <stdint.h>",
            "",
            "static const uint8_t stillmine_permutation[256] = {",
            *(f"    {row}," for row in rows),
            "};",
            "",
            "#endif",
            "",
        ]
    )


if __name__ == "__main__":
    sys.stdout.write(render())
