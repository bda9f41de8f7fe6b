# SPDX-License-Identifier: Apache-2.0
"""The story the demo tells, step by step, each step done for real and each word taken from what happened.

Nothing is assumed: a copy is "stopped" when the platform's partner said so. `tell` returns whether all that must hold did.
"""

import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import httpx
from rich.console import Console
from rich.table import Table

from stillmine.demo.edits import AlteredCopy, altered_copies
from stillmine.demo.person import Person
from stillmine.demo.processes import SYNC_SECONDS, System
from stillmine.fingerprint import fingerprint_image
from stillmine.wire import codec
from stillmine.wire.case import CaseView, PartnerStatus
from stillmine.wire.case_key import SECRET_BYTES, case_key_text
from stillmine.wire.fingerprint import Fingerprint, Kind
from stillmine.wire.screen import Decision, Review, ScreenMatch, ScreenOutcome, ScreenResult, Variant

PATIENCE_SECONDS = 90


class Pictures(NamedTuple):
    """File paths: the photograph that the case is about, and four others that must pass."""

    photograph: Path
    unrelated: list[Path]


class Story:
    """One run of the main job against a running system."""

    def __init__(self, system: System, pictures: Pictures, console: Console) -> None:
        self._system = system
        self._pictures = pictures
        self._say = console.print
        self._platform = httpx.Client(base_url=system.url("platform"), timeout=20)
        self._failures: list[str] = []

    def tell(self) -> bool:
        """Run all steps; return whether the first six copies were stopped, the unrelated passed and withdrawal held."""
        photograph = self._pictures.photograph.read_bytes()
        with self._platform, Person(self._system.url("exchange"), secret := secrets.token_bytes(SECRET_BYTES)) as person:
            fingerprint = self._fingerprint(photograph)
            self._open(person, secret, fingerprint, photograph)
            copies = altered_copies(photograph)
            self._upload_all(copies)
            self._review(person, photograph)
            self._withdraw(person, copies)
        for failure in self._failures:
            self._say(f"[bold]Did not hold:[/bold] {failure}")
        return not self._failures

    def _heading(self, text: str) -> None:
        self._say(f"\n[bold]{text}[/bold]")

    def _fingerprint(self, photograph: bytes) -> Fingerprint:
        self._heading("1. A photograph, fingerprinted on the person's own device")
        made = fingerprint_image(photograph)
        self._say(f"   {self._pictures.photograph.name}: {len(photograph):,} bytes, {made.width} x {made.height} pixels")
        self._say(f"   fingerprint (pdq)  {made.pdq.hex()}")
        self._say(f"   quality            {made.quality} of 100 (at least 50 is needed)")
        return Fingerprint(kind=Kind.PDQ, value=made.pdq.hex(), quality=made.quality)

    def _open(self, person: Person, secret: bytes, fingerprint: Fingerprint, photograph: bytes) -> None:
        self._heading("2. An anonymous case")
        before = self._upload(photograph)
        self._require(before.outcome is ScreenOutcome.NO_MATCH, "the photograph passed before the case was opened")
        self._say(f"   before: posted on Example Social, the photograph is {_in_words(before)}")
        sent, case = person.open_case([fingerprint])
        opened = time.monotonic()
        self._say(words_of_sent(sent), soft_wrap=True)
        self._say(f"   case key, made on the device and known to nobody else: [bold]{case_key_text(secret)}[/bold]")
        self._say(f"   the case is {case.state} until {case.expires_at:%d %B %Y}")
        took = self._wait(lambda: self._upload(photograph).outcome is ScreenOutcome.MATCH, "the photograph was stopped", opened)
        self._say(f"   {took:.1f} seconds later Example Social stops it (its partner service syncs every {SYNC_SECONDS} s)")

    def _upload_all(self, copies: list[AlteredCopy]) -> None:
        self._heading("3. Altered copies and other photographs, posted on Example Social")
        table = Table("posted", "answer", "bits that differ", "undone first", box=None, padding=(0, 2, 0, 3))
        for copy in copies:
            result = self._upload(copy.data)
            self._add_row(table, copy.name, result)
            if copy.must_be_stopped:
                self._require(result.outcome is ScreenOutcome.MATCH, f"stopped: {copy.name}")
        for path in self._pictures.unrelated:
            result = self._upload(path.read_bytes())
            self._add_row(table, f"another photograph, {path.name}", result)
            self._require(result.outcome is ScreenOutcome.NO_MATCH, f"passed: {path.name}")
        self._say(table)
        hard = " and ".join(copy.name for copy in copies if not copy.must_be_stopped)
        self._say("   PDQ looks at a picture as a whole. The partner first takes off strips and bars where it recognises them. It doesn't")
        self._say(f"   always, so these are shown as they came out: {hard}.")

    def _review(self, person: Person, photograph: bytes) -> None:
        self._heading("4. A reviewer at Example Social decides, and the person sees it")
        match = self._upload(photograph).matches[0]
        review = codec.encode(Review(version=1, decision=Decision.REMOVED))
        self._platform.post(f"/review/{match.match_id}", content=review).raise_for_status()
        self._wait(lambda: _status(person.show_case()).removed_on is not None, "the case showed that a copy was removed", time.monotonic())
        status = _status(person.show_case())
        dates = f"given {status.given_on}, found {status.found_on}, removed {status.removed_on}"
        self._say(f"   the case now says (days, UTC): {status.partner}: {dates}")

    def _withdraw(self, person: Person, copies: list[AlteredCopy]) -> None:
        self._heading("5. The person takes it back")
        case = person.withdraw_case()
        withdrawn = time.monotonic()
        is_erased = all(fingerprint.value is None for fingerprint in case.fingerprints)
        self._require(is_erased, "the exchange erased the fingerprint")
        self._say(f"   the case is {case.state}; the exchange {'has erased' if is_erased else 'still holds'} the fingerprint")
        took = self._wait(lambda: self._upload(copies[0].data).outcome is ScreenOutcome.NO_MATCH, "copies passed again", withdrawn)
        still = [copy.name for copy in copies if self._upload(copy.data).outcome is not ScreenOutcome.NO_MATCH]
        self._require(not still, f"all copies passed after the withdrawal (still stopped: {', '.join(still)})")
        self._say(f"   {took:.1f} seconds later copies pass again; {len(copies) - len(still)} of {len(copies)} do")
        self._wait(
            lambda: _status(person.show_case()).withdrawal_confirmed_at is not None, "the partner confirmed the withdrawal", withdrawn
        )
        self._say(f"   confirmed by {_status(person.show_case()).partner}: it no longer matches this fingerprint")

    def _upload(self, data: bytes) -> ScreenResult:
        answer = self._platform.post("/upload", content=data)
        return codec.decode(answer.content, ScreenResult)

    def _require(self, is_met: bool, claim: str) -> None:
        if not is_met:
            self._failures.append(claim)

    def _wait(self, is_so: Callable[[], bool], claim: str, since: float) -> float:
        """Wait until it is so; return the seconds since `since`. Time runs out: the claim did not hold."""
        while time.monotonic() - since < PATIENCE_SECONDS:
            if is_so():
                return time.monotonic() - since
            time.sleep(0.2)
        self._failures.append(f"{claim} within {PATIENCE_SECONDS} seconds")
        return time.monotonic() - since

    @staticmethod
    def _add_row(table: Table, name: str, result: ScreenResult) -> None:
        match = result.matches[0] if result.matches else None
        table.add_row(name, _in_words(result), match.distance_bucket if match else "", _undone(match) if match else "")


def _in_words(result: ScreenResult) -> str:
    if result.outcome is ScreenOutcome.NOT_SCREENED:
        return f"not screened ({result.reason})"
    return "STOPPED" if result.outcome is ScreenOutcome.MATCH else "accepted"


def _undone(match: ScreenMatch) -> str:
    steps = [step.value for step in match.undone]
    if match.variant not in {None, Variant.ORIGINAL}:
        steps.append(str(match.variant))
    return ", ".join(steps).replace("_", " ") or "nothing"


def _status(case: CaseView) -> PartnerStatus:
    """The one partner's status of the one fingerprint; all null while it was not given to anyone."""
    partners = case.fingerprints[0].partners
    return partners[0] if partners else PartnerStatus(partner="nobody yet")


def words_of_sent(sent: bytes) -> str:
    """Say how long a body of the person was, what of it is padding, and what it said."""
    message = sent.rstrip(b" ")
    return (
        f"   all that left the device about the picture, and not the picture: {len(message):,} bytes, followed by spaces\n"
        f"   up to {len(sent):,} bytes, so that their length does not tell how many files there are:\n   {message.decode()}"
    )
