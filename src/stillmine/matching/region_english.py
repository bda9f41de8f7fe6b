# SPDX-License-Identifier: Apache-2.0
"""How a stored picture lies in a query, in the words of whoever compares pictures: "about the middle 60 %, turned 3°, mirrored".

English alone: for reviewers and the command line. What a person reads stands with the messages of the portal.
"""

from stillmine.matching.region_words import Transform, Where

ROUNDED_PERCENT = 5
"""Shares are estimates."""

LEAST_TURN_DEGREES = 2
LEAST_STRETCH_PERCENT = 5
"""Smaller ones are not said: the map is not that exact."""

MOST_OF_QUERY = 0.9
"""Where the picture takes more of the query, how much is not said."""


def in_words(described: Transform, query_name: str = "the upload") -> str:
    """Return what was done to the picture that is found in the query of this name."""
    where = described.where.replace("_", " ")
    seen = "all of it" if described.where is Where.ALL else f"about the {where} {_percent(described.share)} %"
    is_small = described.share_of_query < MOST_OF_QUERY
    parts = [
        seen,
        f"on about {_percent(described.share_of_query)} % of {query_name}" if is_small else "",
        f"turned {described.turned_degrees}°" if abs(described.turned_degrees) >= LEAST_TURN_DEGREES else "",
        "mirrored" if described.is_mirrored else "",
        f"stretched by {described.stretched_percent} %" if described.stretched_percent >= LEAST_STRETCH_PERCENT else "",
    ]
    return ", ".join(part for part in parts if part)


def _percent(share: float) -> int:
    return max(1, ROUNDED_PERCENT * round(100 * share / ROUNDED_PERCENT))
