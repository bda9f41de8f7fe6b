# SPDX-License-Identifier: Apache-2.0
"""What an operator is told of each word that `parts.py` says: never more than the word knows, and always what to do."""

from stillmine.exchange.ask.protocol import ServiceStatus
from stillmine.exchange.erasure.copies import late
from stillmine.exchange.health.findings import Finding, fine, warned, wrong
from stillmine.exchange.health.parts import Look
from stillmine.exchange.transaction.context import Context
from stillmine.wire.readiness import OK, UNKNOWN

_ERASING = "what people erased can still be read in old copies of the database or in a backup, for longer than their receipts say"

NOT_OK: dict[tuple[str, str], str] = {
    ("database", "down"): (
        "it does not answer. PostgreSQL: is it running? SQLite: is exchange.sqlite3 in the home folder, whole, and this user’s? "
        "exchange.toml says which of the two it is"
    ),
    ("migrations", "missing"): "the database is of an older version: stop `serve`, run `stillmine exchange migrate`, and start it again",
    ("migrations", "newer"): "a newer version of Stillmine has changed the database: install that version again",
    ("keys", "missing"): (
        "a key in use is missing, so nothing that is stored opens, and only withdrawals work. `stillmine exchange keys list` says which. "
        "Put day.keys or the line of key-encryption.keys back (docs/operators.md, “Keys”)"
    ),
    ("clock", "doubted"): (
        "it jumped, or this machine was off: no case ends until it has run steadily for 3 hours. Compare it with a watch. If the log asks "
        "for it and the clock is right, run `stillmine exchange expire --confirm-clock`"
    ),
    ("upkeep", "late"): "what has to happen every minute does not. Start `serve`; if it runs, its log says which step fails",
    ("upkeep", "never"): "what has to happen every minute has never happened. Start `serve`",
    ("ledger", "late"): (
        "the publication that is due was not made; an hour after its time, promises to people are broken. Start `serve`; if it runs, its "
        "log says why not"
    ),
    ("feed", "late"): (
        "what people added has not reached the partners with the list; partners that ask do match it. Start `serve`; if it runs, its log "
        "says why not"
    ),
    ("erasing", "late"): f"{_ERASING}. `stillmine exchange fsck` says what is in the way",
    ("index", "loading"): "it is loading or behind, so asks are answered `index_loading`. If that lasts for minutes, look at the log",
    ("disk", "full"): "it is full: people can withdraw and do nothing else. Free 32 MiB or more now",
}
"""By part and word."""

_WITHOUT_INDEX = "none answers on this machine, so asks are answered `index_loading`. Start `serve`; if it runs, its log says why not"

_FINE = {
    "database": "it answers",
    "migrations": "all are applied",
    "keys": "every key in use is at hand",
    "clock": "trusted",
    "ledger": "published on time",
    "feed": "shown on time",
    "erasing": "on time",
    "disk": "there is room",
}


def sentences(exchange: Context, look: Look) -> dict[str, Finding]:
    """Return what is said of each part, by its name."""
    said = {part: _said(part, word, look) for part, word in look.words.items()}
    if look.is_readable and look.is_ok("erasing") and late(exchange):
        said["erasing"] = wrong("erasing", NOT_OK["erasing", "late"])
    if look.index is None:
        said["index"] = wrong("index", _WITHOUT_INDEX)
    return said


def _said(part: str, word: str, look: Look) -> Finding:
    if word == UNKNOWN:
        return warned(part, "not looked at: see the other lines")
    if word != OK:
        since = f"; last at {look.upkeep_at:%Y-%m-%d %H:%M} UTC" if part == "upkeep" and look.upkeep_at else ""
        return wrong(part, f"{NOT_OK[part, word]}{since}")
    if part == "upkeep":
        return fine(part, f"last at {look.upkeep_at:%Y-%m-%d %H:%M} UTC")
    return fine(part, _index(look.index) if part == "index" else _FINE[part])


def _index(status: ServiceStatus | None) -> str:
    return "" if status is None else f"ready, {status.behind_seconds or 0:.0f} s behind"
