# SPDX-License-Identifier: Apache-2.0
"""Checks content/ and the pages built from it, for `make check-content`: spec/content.md says what has to hold.

Ends with 1 and one line for each problem. It changes nothing and asks nobody.

    python tools/check_content.py [--today 2026-11-25] [--measure]
"""

import argparse
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from content_check.facts import fact_problems
from content_check.links import link_problems
from content_check.phrases import phrase_problems
from content_check.reviews import reference_problems, review_problems
from content_check.schemas import schema_problems
from content_check.variants import variant_problems
from content_check.words import by_subject, measure, messages, reading_problems, translation_problems

ROOT = Path(__file__).resolve().parent.parent


def content_problems(content: Path, site: Path, today: date) -> list[str]:
    """Return what is wrong with the content; what does not fit its schema is said alone, as other checks would stumble over it."""
    misfits = schema_problems(content)
    if misfits:
        return misfits
    checks = (
        fact_problems(content),
        review_problems(content, today),
        reference_problems(content),
        variant_problems(content, site),
        translation_problems(content),
        reading_problems(content),
        phrase_problems(content),
    )
    return [problem for found in checks for problem in found]


def problems(content: Path, dist: Path, site: Path, today: date) -> list[str]:
    """Return everything that is wrong; the pages are looked at where the content fits its schemas."""
    misfits = schema_problems(content)
    return misfits or [*content_problems(content, site, today), *link_problems(dist)]


def print_measures(content: Path) -> None:
    """Print how each subject reads."""
    for language, files in messages(content).items():
        for name, texts in by_subject(files).items():
            found = measure(texts)
            if found:
                averages = f"{found.words_per_sentence:5.1f} words  LIX {found.lix:5.1f}"
                print(f"{language} {name:14} {found.sentences:4} sentences  {averages}  longest {found.longest_words}")


def main() -> None:
    """Check, say what is wrong, and end with 1 if anything is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--content", type=Path, default=ROOT / "content")
    parser.add_argument("--dist", type=Path, default=ROOT / "portal/dist")
    parser.add_argument("--site", type=Path, default=ROOT / "deploy/nginx.conf", help="the sample for a web server")
    parser.add_argument("--today", type=date.fromisoformat, default=datetime.now(UTC).date())
    parser.add_argument("--measure", action="store_true", help="print how each file of messages reads, and stop")
    given = parser.parse_args()
    if given.measure:
        print_measures(given.content)
        return
    found = problems(given.content, given.dist, given.site, given.today)
    for problem in found:
        print(problem)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
