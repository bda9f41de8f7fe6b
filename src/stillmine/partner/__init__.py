# SPDX-License-Identifier: Apache-2.0
"""A partner: what a platform runs to screen uploads against an exchange and to report back.

Looks uploads up, at the exchange or in a synced copy of its feed, keeps matches and reviews, sends feedback. It must never store or log
an upload, never hand out a fingerprint, and never match what was withdrawn. Contract: spec/screen.md, spec/partner.md.
`Screener` is the whole of it inside a platform's own process.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stillmine.partner.embedding.screener import Screener

__all__ = ["Screener"]


def __getattr__(name: str) -> object:
    """Import `Screener` when it is asked for: every worker process imports this package, and none needs it."""
    if name != "Screener":
        raise AttributeError(name)
    try:
        from stillmine.partner.embedding.screener import Screener  # noqa: PLC0415 (a worker starts faster without it)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("stillmine"):
            raise
        error.add_note(
            "Screener needs the extra `partner`: pip install 'stillmine-….whl[partner]', or in a checkout pip install '.[partner]'"
        )
        raise
    return Screener
