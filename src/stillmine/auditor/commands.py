# SPDX-License-Identifier: Apache-2.0
"""`stillmine ledger …`: what anybody types who wants to check an exchange. The answer is one sentence and the exit code."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from stillmine.auditor.audit import Earlier, audit
from stillmine.auditor.client import LogClient
from stillmine.auditor.errors import AuditStateError, Finding, LogWrongError
from stillmine.auditor.promises import opened, read_promises, waiting
from stillmine.auditor.state import AuditState, keep_evidence, read_small, read_state, write_state
from stillmine.ledger.checkpoint import VerifierKey, read_verifier_key
from stillmine.ledger.errors import VerifierKeyMalformedError

app = typer.Typer(no_args_is_help=True, help="Check an exchange's public log.")

LAST_TIME = "what was saved the last time"
_PROVED_BY_NOTES = frozenset({Finding.FORK, Finding.REWRITE, Finding.SHRUNK, Finding.PROMISE})


@app.callback()
def _group() -> None:
    """Keep `audit` a word of its own, though it is the only one."""


@app.command("audit")
def audit_log(
    address: Annotated[str, typer.Argument(help="The exchange's address: https://…")],
    state: Annotated[Path | None, typer.Option(help="Remember key and checkpoint here, and compare with them the next time.")] = None,
    against: Annotated[Path | None, typer.Option(help="A checkpoint that somebody else was shown, exactly as received.")] = None,
    key: Annotated[str | None, typer.Option(help="The ledger's key, from a source that you trust: name+id+key.")] = None,
    promise: Annotated[list[Path] | None, typer.Option(help="A file of promises that a case page saved; repeatable.")] = None,
) -> None:
    """Check a whole log, that it continues what was seen before, and that promises were kept; exit code 1 and a sentence if not."""
    remembered = read_state(state) if state else None
    earlier = [Earlier(LAST_TIME, remembered.checkpoint)] if remembered else []
    if against:
        earlier.append(Earlier("the other checkpoint", read_small(against)))
    saved = [one for path in promise or [] for one in read_promises(path)]
    client = LogClient(address)
    notes = [one.note for one in earlier]
    try:
        trusted = _trusted_key(client, key, remembered)
        promises, asked_at = opened(trusted, saved), now()
        notes.append(client.checkpoint())
        audited = audit(client, trusted, notes[-1], earlier, {one.leaf for _, one in promises})
        not_due = waiting(promises, audited.found, asked_at)
    except LogWrongError as error:
        notes += [error.note] if error.note else []
        where = f" The signed notes are in {keep_evidence(state, notes)}." if state and error.finding in _PROVED_BY_NOTES else ""
        typer.echo(error.sentence + where, err=True)
        raise typer.Exit(1) from None
    finally:
        client.close()
    if state:
        write_state(state, AuditState(version=1, key=trusted.text(), checkpoint=notes[-1]))
    before = f", and continue the {trusted.open(remembered.checkpoint).size} of the last time" if remembered else ""
    typer.echo(f"The log holds: its {audited.newest.size} entries make the signed root{before}.")
    if promises:
        typer.echo(f"Promised entries in the log: {len(promises) - not_due}; not due yet: {not_due}.")
    if key is None and remembered is None:
        typer.echo(f"The key was taken from the exchange itself. Compare it with a source you trust:\n{trusted.text()}")


def now() -> datetime:
    """Return the time of this machine, in UTC."""
    return datetime.now(UTC)


def _trusted_key(client: LogClient, given: str | None, remembered: AuditState | None) -> VerifierKey:
    """Return the key that was given, else the one remembered, else the one that the exchange names."""
    try:
        saved = read_verifier_key(remembered.key) if remembered else None
    except VerifierKeyMalformedError:
        raise AuditStateError("--state: its key") from None
    named = read_verifier_key(given) if given is not None else None
    if named and saved and named != saved:
        raise LogWrongError(Finding.SIGNATURE, "the key that you give is not the one that was saved the last time.")
    return named or saved or read_verifier_key(client.key())
