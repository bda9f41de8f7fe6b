# SPDX-License-Identifier: Apache-2.0
"""What an operator says of the review page, and the reviewers whom it lets in. Contract: spec/review-page.md.

A reviewer's key is printed once and stored nowhere.
"""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from stillmine.partner.ground.home import prepare_home
from stillmine.partner.review.coop import CoopChoice, read_choice
from stillmine.partner.review.media import MediaChoice
from stillmine.partner.review.routes import BREAK_AFTER, ReviewChoice
from stillmine.partner.review.sessions import hashed, new_key
from stillmine.partner.service.app import REAL
from stillmine.partner.store.desk import Desk
from stillmine.wire.errors import NotConfiguredError

MAXIMUM_NAME_SIGNS = 60

_PANEL = "Review page and Coop"

Page = Annotated[
    bool, typer.Option("--review-page", rich_help_panel=_PANEL, help="Serve pages at /review/ on which reviewers decide about matches.")
]
MediaUrl = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=_PANEL,
        help="Where a reviewer's browser finds held uploads: https://, with {content_id}, {expires} and {signature}.",
    ),
]
Break = Annotated[
    int,
    typer.Option("--review-break", min=5, max=500, rich_help_panel=_PANEL, help="Decisions after which the review page suggests a break."),
]
CoopKey = Annotated[
    Path | None, typer.Option(rich_help_panel=_PANEL, help="File with the public key that verifies Coop's callbacks (PEM).")
]
CoopActions = Annotated[
    Path | None, typer.Option(rich_help_panel=_PANEL, help="JSON file that says which decision each of Coop's actions is.")
]

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Home = Annotated[
    Path, typer.Option(envvar="STILLMINE_PARTNER_HOME", help="Folder of the service; created with mode 0700.", show_default=True)
]
DEFAULT_HOME = Path("~/.stillmine/partner")
Name = Annotated[str, typer.Argument(help="How the page calls them; seen by them alone.")]


def review_choice(
    has_page: bool, media_url: str | None, break_after: int, coop_key: Path | None, coop_actions: Path | None
) -> ReviewChoice:
    """Return what the options say; raises NotConfiguredError."""
    if not has_page and (media_url is not None or break_after != BREAK_AFTER):
        raise NotConfiguredError("--review-page: the page that the other options of it are about")
    media = None if media_url is None else MediaChoice(media_url)
    return ReviewChoice(has_page, media, break_after, _coop(coop_key, coop_actions))


def _coop(key: Path | None, actions: Path | None) -> CoopChoice | None:
    if key is None and actions is None:
        return None
    if key is None or actions is None:
        raise NotConfiguredError("--coop-key, --coop-actions: both or neither")
    return read_choice(key, actions)


@app.command()
def add(name: Name, home: Home = DEFAULT_HOME) -> None:
    """Let a reviewer into the review page; prints their key, once. Works while the service runs."""
    if not (1 <= len(name) <= MAXIMUM_NAME_SIGNS and name.isprintable() and name == name.strip()):
        raise NotConfiguredError(f"NAME: 1 to {MAXIMUM_NAME_SIGNS} printable characters")
    key = new_key(REAL.random_bytes)
    with closing(_desk(home)) as desk:
        desk.add_reviewer(name, hashed(key))
    typer.echo(key)


@app.command("list")
def list_reviewers(home: Home = DEFAULT_HOME) -> None:
    """List the reviewers, one a line."""
    with closing(_desk(home)) as desk:
        for name in desk.reviewers():
            typer.echo(name)


@app.command()
def remove(name: Name, home: Home = DEFAULT_HOME) -> None:
    """Let a reviewer in no more, from this moment. Works while the service runs."""
    with closing(_desk(home)) as desk:
        desk.remove_reviewer(name)


def _desk(home: Path) -> Desk:
    return Desk(prepare_home(home.expanduser()))
