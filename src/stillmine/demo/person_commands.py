# SPDX-License-Identifier: Apache-2.0
"""`stillmine demo person`: play the person of a case, so that a newcomer's own exchange has something to match.

It sends what the portal in a browser sends, and the case key that it writes opens the same case in the portal. For an exchange on
this machine only: people who need one are served by a portal, which keeps no file and says what they agree to. It must never send
the picture, nor print or log the case key.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import httpx
import typer

from stillmine.demo.person import Person, fingerprints_of
from stillmine.wire.case import CaseFingerprint, CaseView, PartnerStatus
from stillmine.wire.case_key import SECRET_BYTES, case_key_secret, case_key_text
from stillmine.wire.errors import NotConfiguredError, StillmineError

DEFAULT_EXCHANGE = "http://127.0.0.1:8080"
DEFAULT_CASE_KEY = Path("case.key")

person_app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)

Exchange = Annotated[str, typer.Option(help="Address of an exchange on this machine.")]
REGIONS_HELP = "Regions too: crops are stopped as well. They tell more of a picture: a rough grey likeness can be drawn from them."
CaseKeyFile = Annotated[Path, typer.Option("--case-key", help="File with the case key; `protect` makes it (0600).")]


@person_app.command()
def protect(
    pictures: Annotated[list[Path], typer.Argument(help="Pictures of which copies are to be stopped.", metavar="PICTURE…")],
    exchange: Exchange = DEFAULT_EXCHANGE,
    case_key: CaseKeyFile = DEFAULT_CASE_KEY,
    with_regions: Annotated[bool, typer.Option("--regions", help=REGIONS_HELP)] = False,
) -> None:
    """Open a case with the fingerprints of pictures, as a person does in the portal."""
    fingerprints = [
        one
        for number, picture in enumerate(pictures, start=1)
        for one in fingerprints_of(picture.read_bytes(), file_number=number, with_regions=with_regions)
    ]
    secret = secrets.token_bytes(SECRET_BYTES)
    with _person(exchange, secret) as person, _written(case_key, case_key_text(secret)):
        _, case = person.open_case(fingerprints)
    typer.echo(f"The case is {case.state} until {case.expires_at:%d %B %Y}; its key is in {case_key}, and opens it in the portal too.")


@person_app.command()
def show(exchange: Exchange = DEFAULT_EXCHANGE, case_key: CaseKeyFile = DEFAULT_CASE_KEY) -> None:
    """Show what the person sees: each file, and what each partner did about it."""
    with _person(exchange, case_key_secret(case_key.read_text())) as person:
        _say(person.show_case())


@person_app.command()
def withdraw(exchange: Exchange = DEFAULT_EXCHANGE, case_key: CaseKeyFile = DEFAULT_CASE_KEY) -> None:
    """Withdraw the whole case; its fingerprints are erased at once."""
    with _person(exchange, case_key_secret(case_key.read_text())) as person:
        _say(person.withdraw_case())


@contextmanager
def _person(exchange: str, secret: bytes) -> Iterator[Person]:
    """Be the person with this key; raises NotConfiguredError where the exchange is not on this machine, or does not answer."""
    if urlsplit(exchange).hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise NotConfiguredError("--exchange: this plays a person at an exchange on this machine, and nowhere else")
    try:
        with Person(exchange.rstrip("/"), secret) as person:
            yield person
    except httpx.TransportError:
        raise NotConfiguredError(f"--exchange: nothing answers at {exchange}; start one with `stillmine exchange serve`") from None


@contextmanager
def _written(path: Path, text: str) -> Iterator[None]:
    """Keep the key in a new file, before the case is opened and only if it was: another case's key is the only way into that case."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise NotConfiguredError("--case-key: this file already exists and may be the key of another case; choose another name") from None
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
    try:
        yield
    except (StillmineError, httpx.ConnectError):
        path.unlink()  # refused, or not sent: there is no such case. Where only the answer was lost there may be one
        raise


def _say(case: CaseView) -> None:
    typer.echo(f"The case is {case.state}.")
    for fingerprint in case.fingerprints:
        typer.echo(f"file {fingerprint.file_number}, {fingerprint.kind}: {fingerprint.state}{_erased(fingerprint)}")
        for status in fingerprint.partners:
            typer.echo(f"   {status.partner}: {_in_words(status)}")


def _erased(fingerprint: CaseFingerprint) -> str:
    return "" if fingerprint.value is not None else ", its value is erased"


def _in_words(status: PartnerStatus) -> str:
    known = {
        "given": status.given_on,
        "found": status.found_on,
        "a part found, somebody looks": status.part_on,
        "removed": status.removed_on,
        f"left up ({status.not_removed_reason})": status.not_removed_on,
        "withdrawal confirmed": status.withdrawal_confirmed_at,
    }
    return ", ".join(f"{name} {when:%Y-%m-%d}" for name, when in known.items() if when is not None) or "nothing yet"
