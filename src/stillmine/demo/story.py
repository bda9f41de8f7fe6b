# SPDX-License-Identifier: Apache-2.0
"""The story the demo tells, step by step, each step done for real and each word taken from what happened.

Nothing is assumed: a copy is "stopped" when a platform's partner said so. Two platforms are in it: the partner of one asks the exchange,
that of the other has its list. `tell` returns whether all that must hold did.
"""

import io
import secrets
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import httpx
from PIL import Image
from rich.console import Console
from rich.table import Column, Table

from stillmine.demo.edits import AlteredCopy, Needs, altered_copies
from stillmine.demo.person import Person, fingerprints_of
from stillmine.demo.processes import FORUM, SOCIAL, SYNC_SECONDS, Connected, System
from stillmine.wire import codec
from stillmine.wire.case import CaseView, PartnerStatus
from stillmine.wire.case_key import SECRET_BYTES, case_key_text
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import MINIMUM_QUALITY, Kind
from stillmine.wire.regions import parse_regions
from stillmine.wire.screen import Decision, Review, ScreenMatch, ScreenOutcome, ScreenResult, Variant

PATIENCE_SECONDS = 90
INDEX_SECONDS = 1.0
"""After this the exchange answers for what was added; it looks four times a second."""

BOTH = (SOCIAL, FORUM)


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
        self._platforms = {platform: httpx.Client(base_url=system.url("platform", platform), timeout=20) for platform in BOTH}
        self._failures: list[str] = []

    def tell(self) -> bool:
        """Run all steps; return whether the copies were stopped that have to be, the unrelated passed and withdrawal held."""
        photograph = self._pictures.photograph.read_bytes()
        self._wait(self._are_ready, "both partner services were ready", time.monotonic())
        with ExitStack() as stack:
            for platform in self._platforms.values():
                stack.enter_context(platform)
            person = stack.enter_context(Person(self._system.url("exchange"), secret := secrets.token_bytes(SECRET_BYTES)))
            fingerprints = self._fingerprint(photograph)
            self._open(person, secret, fingerprints, photograph)
            copies = altered_copies(photograph)
            self._upload_all(copies, {one.kind for one in fingerprints})
            self._review(person, photograph)
            self._withdraw(person, copies)
        for failure in self._failures:
            self._say(f"[bold]Did not hold:[/bold] {failure}")
        return not self._failures

    def _are_ready(self) -> bool:
        return all(httpx.get(self._system.url("partner", platform) + "/readyz", timeout=5).is_success for platform in BOTH)

    def _heading(self, text: str) -> None:
        self._say(f"\n[bold]{text}[/bold]")

    def _fingerprint(self, photograph: bytes) -> list[Fingerprint]:
        self._heading("1. A photograph, fingerprinted on the person's own device")
        made = fingerprints_of(photograph, with_regions=True)
        width, height = Image.open(io.BytesIO(photograph)).size
        self._say(f"   {self._pictures.photograph.name}: {len(photograph):,} bytes, {width} x {height} pixels")
        for one in made:
            if one.kind is Kind.PDQ:
                self._say(f"   fingerprint (pdq)  {one.value}, of the picture as a whole")
                self._say(f"   quality            {one.quality} of 100 (at least {MINIMUM_QUALITY} is needed)")
            else:
                count = len(parse_regions(one.value).hashes)
                self._say(f"   regions            {count}, by which crops are recognised; this person asked for them, as they tell more")
        if len(made) == 1:
            self._say("   regions            too few: it is mostly text, flat or small, so crops of it can't be recognised")
        return made

    def _open(self, person: Person, secret: bytes, fingerprints: list[Fingerprint], photograph: bytes) -> None:
        self._heading("2. An anonymous case")
        before = self._upload(FORUM, photograph)  # not at the one that asks, which remembers for a minute what was clear
        self._require(before.outcome is ScreenOutcome.NO_MATCH, "the photograph passed before the case was opened")
        self._say(f"   before: posted on {FORUM.name}, the photograph is {_in_words(before)}")
        sent, case = person.open_case(fingerprints)
        opened = time.monotonic()
        self._say(words_of_sent(sent), soft_wrap=True)
        self._say(f"   case key, made on the device and known to nobody else: [bold]{case_key_text(secret)}[/bold]")
        self._say(f"   the case is {case.state} until {case.expires_at:%d %B %Y}")
        time.sleep(INDEX_SECONDS)
        for platform, why in ((SOCIAL, "its partner service asks"), (FORUM, f"its partner service syncs its list every {SYNC_SECONDS} s")):
            took = self._wait(lambda: self._is_stopped(platform, photograph), f"the photograph was stopped at {platform.name}", opened)  # noqa: B023 (called before the loop goes on)
            self._say(f"   {took:.1f} seconds later {platform.name} stops it ({why})")

    def _upload_all(self, copies: list[AlteredCopy], kinds: set[Kind]) -> None:
        self._heading("3. Altered copies and other photographs, posted on both")
        columns = (f"{platform.name}\n({platform.way})" for platform in BOTH)
        told = ("found by", "bits that differ\n(told by the list)", "undone first,\nor what is seen")
        table = Table(Column("posted", no_wrap=True), *columns, *told, box=None, padding=(0, 2, 0, 3))
        for copy in copies:
            outcome = self._post_on_both(table, copy.name, copy.data)
            if copy.needs is Needs.PDQ or (copy.needs is Needs.REGIONS and Kind.REGIONS in kinds):
                self._require(outcome is ScreenOutcome.MATCH, f"stopped: {copy.name}")
        for path in self._pictures.unrelated:
            outcome = self._post_on_both(table, f"another photograph, {path.name}", path.read_bytes())
            self._require(outcome is ScreenOutcome.NO_MATCH, f"passed: {path.name}")
        self._say(table)
        self._say("   PDQ looks at a picture as a whole, after strips and bars were taken off where the partner recognised them. Regions")
        self._say("   look at some three dozen places of it: they find crops, words across it, and a picture within a post.")

    def _review(self, person: Person, photograph: bytes) -> None:
        self._heading("4. A reviewer at each decides, and the person sees it")
        review = codec.encode(Review(version=1, decision=Decision.REMOVED))
        for platform in BOTH:
            match = next(match for match in self._upload(platform, photograph).matches if match.kind is Kind.PDQ)
            self._platforms[platform].post(f"/review/{match.match_id}", content=review).raise_for_status()
        for platform in BOTH:
            claim = f"the case showed that a copy was removed at {platform.name}"
            self._wait(lambda: _status(person.show_case(), platform).removed_on is not None, claim, time.monotonic())  # noqa: B023 (called before the loop goes on)
            status = _status(person.show_case(), platform)
            given = f"given {status.given_on}" if status.given_on else "never given"
            self._say(f"   the case now says (days, UTC): {status.partner}: {given}, found {status.found_on}, removed {status.removed_on}")

    def _withdraw(self, person: Person, copies: list[AlteredCopy]) -> None:
        self._heading("5. The person takes it back")
        case = person.withdraw_case()
        withdrawn = time.monotonic()
        is_erased = all(fingerprint.value is None for fingerprint in case.fingerprints)
        self._require(is_erased, "the exchange erased the fingerprint")
        self._say(f"   the case is {case.state}; the exchange {'has erased' if is_erased else 'still holds'} the fingerprint")
        at_once = self._upload(SOCIAL, copies[0].data).outcome is ScreenOutcome.NO_MATCH
        self._require(at_once, f"the very next copy passed at {SOCIAL.name}")
        self._say(f"   {SOCIAL.name}: the very next copy {'passes' if at_once else 'is still stopped'}; it never had the fingerprint")
        took = self._wait(lambda: not self._is_stopped(FORUM, copies[0].data), f"copies passed again at {FORUM.name}", withdrawn)
        self._say(f"   {FORUM.name}: {took:.1f} seconds later, with the next sync, copies pass again")
        for platform in BOTH:
            still = [copy.name for copy in copies if self._upload(platform, copy.data).outcome is not ScreenOutcome.NO_MATCH]
            self._require(not still, f"all copies passed at {platform.name} after the withdrawal (still stopped: {', '.join(still)})")
            self._say(f"   {platform.name}: {len(copies) - len(still)} of {len(copies)} copies pass")
        claim = f"{FORUM.name} confirmed the withdrawal"
        self._wait(lambda: _status(person.show_case(), FORUM).withdrawal_confirmed_at is not None, claim, withdrawn)
        self._say(f"   confirmed by {FORUM.name}: it no longer matches this fingerprint")

    def _is_stopped(self, platform: Connected, data: bytes) -> bool:
        return self._upload(platform, data).outcome is ScreenOutcome.MATCH

    def _post_on_both(self, table: Table, name: str, data: bytes) -> ScreenOutcome:
        """Post it and add its row; return what both answered. What they disagree about did not hold."""
        asked, listed = (self._upload(platform, data) for platform in BOTH)
        self._require(asked.outcome is listed.outcome, f"both platforms gave one answer: {name}")
        match = listed.matches[0] if listed.matches else None
        bits = (match.distance_bucket or "") if match else ""
        found_by = ", ".join(match.found_by) if match else ""
        table.add_row(name, _in_words(asked), _in_words(listed), found_by, bits, _undone(match) if match else "")
        return asked.outcome

    def _upload(self, platform: Connected, data: bytes) -> ScreenResult:
        answer = self._platforms[platform].post("/upload", content=data)
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


def _in_words(result: ScreenResult) -> str:
    if result.outcome is ScreenOutcome.NOT_SCREENED:
        return f"not screened ({result.reason})"
    return "STOPPED" if result.outcome is ScreenOutcome.MATCH else "accepted"


def _undone(match: ScreenMatch) -> str:
    if match.kind is Kind.REGIONS:
        return match.transform.words if match.transform is not None else ""
    steps = [step.value for step in match.undone]
    if match.variant not in {None, Variant.ORIGINAL}:
        steps.append(str(match.variant))
    return ", ".join(steps).replace("_", " ") or "nothing"


def _status(case: CaseView, platform: Connected) -> PartnerStatus:
    """This platform's status of the one fingerprint; all null while nothing happened there."""
    partners = (status for status in case.fingerprints[0].partners if status.partner == platform.name)
    return next(partners, PartnerStatus(partner=platform.name))


def words_of_sent(sent: bytes) -> str:
    """Say how long a body of the person was, what of it is padding, and what it said."""
    message = sent.rstrip(b" ")
    return (
        f"   all that left the device about the picture, and not the picture: {len(message):,} bytes, followed by spaces\n"
        f"   up to {len(sent):,} bytes, so that their length does not tell how many files there are:\n   {message.decode()}"
    )
