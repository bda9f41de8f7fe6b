# SPDX-License-Identifier: Apache-2.0
"""Commands for what matched: list it, and say what a reviewer decided.

They read and write the store beside a running service, which sends what was decided. Standard output carries answers only.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from stillmine.partner.commands.in_words import kept_in_words
from stillmine.partner.ground.home import prepare_home
from stillmine.partner.service.app import REAL
from stillmine.partner.store.matches import ID_BYTES, Wanted
from stillmine.partner.store.schema import FILE_NAME
from stillmine.partner.store.store import Store
from stillmine.wire.codec import encode
from stillmine.wire.errors import MalformedMessageError, MatchNotFoundError, NotConfiguredError
from stillmine.wire.feedback import NotRemovedReason
from stillmine.wire.screen import MAXIMUM_MATCHES_PER_PAGE, Decision, KeptMatch, MatchState, Review, require_content_id
from stillmine.wire.vote import VoteKind, VoteReason


def list_matches(home: Path, state: MatchState, content_id: str | None, *, is_json: bool) -> None:
    """Print every match of this state, oldest first, as a line of words or of JSON."""
    wanted = Wanted(state, None if content_id is None else _word(content_id), MAXIMUM_MATCHES_PER_PAGE)
    with closing(_opened(home)) as store:
        for match in _every(store, wanted):
            typer.echo(encode(match).decode() if is_json else kept_in_words(match))


def review_of(decision: Decision, reason: NotRemovedReason | None, vote: VoteKind | None, vote_reason: VoteReason | None) -> Review:
    """Return the review that options say; raises NotConfiguredError where they don't go together."""
    try:
        return Review(1, decision, reason, vote, vote_reason)
    except MalformedMessageError as error:
        raise NotConfiguredError(f"--reason, --vote-reason: {error.detail}") from None


def review_match(home: Path, match_id: str, review: Review) -> None:
    """Keep a decision; a running service reports it, or the next sync. Raises MatchNotFoundError."""
    with closing(_opened(home)) as store:
        store.record_review(_id_bytes(match_id), review, REAL.random_bytes(ID_BYTES), int(REAL.clock().timestamp()) // 60)


def _opened(home: Path) -> Store:
    return Store(existing_home(home))


def existing_home(home: Path) -> Path:
    """Return the folder of a service; raises NotConfiguredError if it is none: a mistyped folder must not look like nothing to do."""
    folder = home.expanduser()
    if not (folder / FILE_NAME).is_file():
        raise NotConfiguredError("--home: nothing was ever screened with this folder; name the service's folder")
    return prepare_home(folder)


def _word(content_id: str) -> str:
    """Return it; raises NotConfiguredError for what no upload can be called."""
    try:
        content_id.encode()
        return require_content_id(content_id)
    except (UnicodeEncodeError, MalformedMessageError):
        raise NotConfiguredError("--content-id: 1 to 200 characters in UTF-8, as `Stillmine-Content-Id` takes them") from None


def _every(store: Store, wanted: Wanted) -> Iterator[KeptMatch]:
    while True:
        page = store.matches(wanted)
        yield from page.matches
        if page.after is None:
            return
        wanted = replace(wanted, after=page.after)


def _id_bytes(match_id: str) -> bytes:
    try:
        return bytes.fromhex(match_id)
    except ValueError:
        raise MatchNotFoundError from None


MatchId = Annotated[str, typer.Argument(help="The match id of an answer or of the list.", metavar="MATCH_ID")]
Decided = Annotated[Decision, typer.Argument(help="What the reviewer decided.")]
Reason = Annotated[NotRemovedReason | None, typer.Option(help="Why the copy stays; goes with not_removed, and only with it.")]
Vote = Annotated[VoteKind | None, typer.Option(help="What the reviewer says about the fingerprint itself, if anything.")]
VoteWhy = Annotated[VoteReason | None, typer.Option(help="Why; goes with the vote disagree, and only with it.")]
State = Annotated[MatchState, typer.Option(help="Which matches: those that wait for a decision, those that have one, or all.")]
ContentId = Annotated[str | None, typer.Option(help="Only those of the upload with this content id of the platform.")]
