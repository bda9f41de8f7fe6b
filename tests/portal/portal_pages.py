# SPDX-License-Identifier: Apache-2.0
"""Which pages there are: taken from what was built, so that a new one is looked at without being named here."""

from pathlib import Path

import yaml

CONTENT = Path(__file__).resolve().parents[2] / "content"
LANGUAGES = tuple(sorted((folder.name for folder in (CONTENT / "messages").iterdir()), key=lambda name: (name != "en", name)))
COUNTRIES = tuple(sorted(path.stem for path in (CONTENT / "countries").glob("*.yaml")))
SITUATION_FILES = tuple(yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((CONTENT / "situations").glob("*.yaml")))
SITUATIONS = tuple(one["id"] for one in SITUATION_FILES)
GUIDES = (
    "police",
    "safe",
    "feelings",
    "for-others",
    "names",
    "evidence/sheet",
    "not-sure",
    "how-it-works",
    "privacy",
    "accessibility",
    "under-18",
)
OF_NZ = ("threat", "help", "facts", "talk", "under-18")
DIST = Path(__file__).resolve().parents[2] / "portal/dist"
EXIT = {"en": "Leave this page quickly", "fi": "Poistu sivulta nopeasti"}


def address(path: str, language: str) -> str:
    """Return a page's address in a language: `/case/`, `/fi/case/`."""
    return path if language == "en" else f"/{language}{path}"


def language_of(path: str) -> str:
    return next((language for language in LANGUAGES[1:] if path.startswith(f"/{language}/")), "en")


def every_page() -> list[str]:
    """Return the address of every page that was built; one in each language that is not there stands for 404."""
    pages = sorted("/" + str(page.parent.relative_to(DIST)).replace(".", "", 1) for page in DIST.rglob("index.html"))
    return [page if page.endswith("/") else f"{page}/" for page in pages] + [address("/nothing-here/", language) for language in LANGUAGES]


def parts_of(page: str) -> list[str]:
    """Return `help`, `nz` of `/fi/help/nz/`."""
    return [part for part in page.removeprefix(f"/{language_of(page)}").split("/") if part]


def is_of_a_place(page: str) -> bool:
    parts = parts_of(page)
    return len(parts) > 1 and parts[-1][:2] in COUNTRIES


def with_places(pages: list[str]) -> list[str]:
    """Return addresses so that both is looked at: English pages before a place is known, others with one."""
    return [page if language_of(page) == "en" or is_of_a_place(page) else f"{page}#fi" for page in pages]


def one_of_each() -> list[str]:
    """Return one page of each kind in each language: of those that are the same but for a country, New Zealand's."""
    kept = []
    for page in every_page():
        parts = parts_of(page)
        if not (is_of_a_place(page) or parts[-1:] == ["global"]) or (parts[-1] == "nz" and parts[0] in OF_NZ):
            kept.append(page)
    return kept
