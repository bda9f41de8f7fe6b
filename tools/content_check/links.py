# SPDX-License-Identifier: Apache-2.0
"""Whether every link within the built portal leads to a file, and every anchor to a part of its page.

It reads files only and asks nobody: addresses elsewhere are facts, and a person reviews those.
"""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Links(HTMLParser):
    """The addresses that a page names, its ids, and what else its script reads behind the `#`."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.named: list[str] = []
        self.ids: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value is None:
                continue
            if name == "id":
                self.ids.add(value)
            if name == "data-anchors":
                self.ids |= set(value.split())
            if name in ("href", "src") and tag != "base":
                self.named.append(value)


def link_problems(dist: Path) -> list[str]:
    """Return links and anchors of the built pages that lead nowhere."""
    pages = {path: Links(path.read_text(encoding="utf-8")) for path in sorted(dist.rglob("*.html"))}
    if not pages:
        return [f"{dist.name}: no built pages: run `make .build/portal`"]
    problems = []
    for path, page in pages.items():
        for address in dict.fromkeys(page.named):
            target = _target(dist, path, address)
            if target is None:
                continue
            anchor = unquote(urlsplit(address).fragment)
            if not target.is_file():
                problems.append(f"{path.relative_to(dist)}: {address} leads nowhere")
            elif anchor and target in pages and anchor not in pages[target].ids:
                problems.append(f"{path.relative_to(dist)}: {address} names a part that is not there")
    return problems


def _target(dist: Path, page: Path, address: str) -> Path | None:
    """Return the file that an address within the portal means; None for addresses elsewhere."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return None
    if not parts.path:
        return page
    place = unquote(parts.path)
    target = dist / place.lstrip("/") if place.startswith("/") else page.parent / place
    return target / "index.html" if place.endswith("/") else target
