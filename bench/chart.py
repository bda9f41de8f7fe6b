# SPDX-License-Identifier: Apache-2.0
"""A table of shares as a chart: a row for each edit, a mark for each method on a line from 0 to 100 per cent. SVG without a library.

Light and dark pages show it: colours are those of the page's reader, by a media query inside the file. Each method has a form of its own,
so that nobody needs to tell colours apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

ROW = 17
LEFT, RIGHT, TOP, BOTTOM = 290, 40, 62, 24
WIDE = 420
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#222}.g{font-weight:600}.l{stroke:#ddd}.r{stroke:#eee}"
    ".m0{fill:#8a8a8a}.m1{fill:none;stroke:#c05800;stroke-width:1.6}.m2{fill:#0a5bb5}"
    "@media(prefers-color-scheme:dark){text{fill:#eee}.l{stroke:#555}.r{stroke:#333}.m0{fill:#999}.m1{stroke:#ff9d4d}.m2{fill:#6db3ff}}"
)


class Row(NamedTuple):
    """One edit: what it is listed under, its name, and a share from 0 to 1 for each method."""

    group: str
    name: str
    shares: Sequence[float]


def draw(title: str, methods: Sequence[str], rows: Sequence[Row]) -> str:
    """Return the chart; methods are at most three, the last one drawn on top."""
    height = TOP + ROW * len(rows) + BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDE + RIGHT} {height}" role="img" aria-label="{escape(title)}">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        *_legend(methods),
        *_scale(height),
    ]
    group = ""
    for number, row in enumerate(rows):
        middle = TOP + ROW * (number + 0.5)
        if row.group != group:
            parts.append(f'<text class="g" x="4" y="{middle + 4:g}">{escape(row.group)}</text>')
            parts.append(f'<line class="r" x1="0" x2="{LEFT + WIDE}" y1="{middle - ROW / 2:g}" y2="{middle - ROW / 2:g}"/>')
        group = row.group
        parts.append(f'<text x="{LEFT - 8}" y="{middle + 4:g}" text-anchor="end">{escape(row.name)}</text>')
        parts += [_mark(method, LEFT + WIDE * share, middle) for method, share in enumerate(row.shares)]
    return "\n".join([*parts, "</svg>", ""])


def _scale(height: int) -> list[str]:
    lines = []
    for percent in range(0, 101, 20):
        x = LEFT + WIDE * percent / 100
        lines.append(f'<line class="l" x1="{x:g}" x2="{x:g}" y1="{TOP - 6}" y2="{height - BOTTOM}"/>')
        lines.append(f'<text x="{x:g}" y="{TOP - 12}" text-anchor="middle">{percent} %</text>')
    return lines


def _legend(methods: Sequence[str]) -> list[str]:
    parts = []
    for number, method in enumerate(methods):
        x = 4 + number * (LEFT + WIDE) / 3
        parts.append(_mark(number, x + 6, 18) + f'<text x="{x + 18:g}" y="22">{escape(method)}</text>')
    return parts


def _mark(method: int, x: float, y: float) -> str:
    """A square, an open circle, a full one."""
    if method == 0:
        return f'<rect class="m0" x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7"/>'
    return f'<circle class="m{method}" cx="{x:.1f}" cy="{y:.1f}" r="{5 if method == 1 else 3.5}"/>'
