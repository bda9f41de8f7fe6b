# SPDX-License-Identifier: Apache-2.0
"""HMA's calls that hash and look up: `/h/hash`, `/m/lookup`, `/m/raw_lookup`.

A lookup is a screening as any other, so it is recorded and reported. Must never answer it empty where something was left out.
"""

import hashlib
import random
from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from stillmine.partner.hma.answers import BankMatch, Held, matches_by_bank, require_screened, taking_part, told_under
from stillmine.partner.hma.banks import Bank, Banks
from stillmine.partner.hma.doors import is_true, told
from stillmine.partner.hma.files import Files
from stillmine.partner.hma.own_banks import OwnBanks
from stillmine.partner.hma.signals import PDQ, VIDEO_MD5, answered_type, fingerprint_of, signal_name, signals_of, wanted_types
from stillmine.partner.service.room import Guest
from stillmine.partner.service.service import ServiceParts
from stillmine.partner.service.words import content_id_of
from stillmine.wire.errors import MalformedMessageError
from stillmine.wire.screen import ScreenResult

_SEED_BYTES = 6
_SEEDS = 1 << (8 * _SEED_BYTES)


class Matching:
    """Hashes and looks up what HMA's clients send or name."""

    def __init__(self, parts: ServiceParts, banks: Banks, own: OwnBanks, files: Files) -> None:
        self._screening = parts.screening
        self._banks = banks
        self._own = own
        self._files = files

    async def hash(self, request: Request, guest: Guest) -> Response:
        """Make the signals of a file, and look nothing up."""
        wanted = wanted_types(request.query_params.get("types"))
        async with self._files.sent(request, guest) as upload:
            made = await run_in_threadpool(self._screening.fingerprints_of, upload)
        return told(signals_of(made, wanted))

    async def lookup(self, request: Request, guest: Guest) -> Response:
        """Look a signal up, or a file whole."""
        if request.method == "GET" and "url" not in request.query_params:
            banks = self._taking_part(request)
            result = await self._signal_screened(request, guest) if banks else None
            return told({} if result is None else matches_by_bank(result, result.matches, banks, await self._held(result)))
        return told(await self._file_looked_up(request, guest))

    async def raw_lookup(self, request: Request, guest: Guest) -> Response:
        """Look a signal up in all banks, or in those named, whatever their shares."""
        banks = taking_part(self._banks.all(), _named(request), None)
        result = await self._signal_screened(request, guest)
        held = await self._held(result)
        numbered = {one.bank_content_id: one for match in result.matches for _, one in told_under(result, match, banks, held)}
        found = list(numbered.values())
        has_distance = is_true(request.query_params.get("include_distance"))
        return told({"matches": found if has_distance else [match.bank_content_id for match in found]})

    async def _file_looked_up(self, request: Request, guest: Guest) -> Mapping[str, object]:
        """Return matches by signal type, then by bank; of the one type that is named, by bank."""
        wanted = wanted_types(request.query_params.get("types"))
        selected = request.query_params.get("signal_type")
        selected = None if selected is None else answered_type(selected)
        banks = self._taking_part(request)
        by_type: dict[str, dict[str, list[BankMatch]]] = {name: {} for name in (PDQ, VIDEO_MD5)}
        async with self._files.sent(request, guest) as upload:
            if banks:
                result = require_screened(await run_in_threadpool(self._screening.screen_upload, upload, None, content_id_of(request)))
                held = await self._held(result)
                for name in dict.fromkeys(signal_name(match.kind) for match in result.matches):
                    of_this = [match for match in result.matches if signal_name(match.kind) == name]
                    by_type[name] = matches_by_bank(result, of_this, banks, held)
        if selected is not None:
            return by_type.get(selected, {})
        return {name: found for name, found in by_type.items() if wanted is None or name in wanted}

    async def _signal_screened(self, request: Request, guest: Guest) -> ScreenResult:
        query = request.query_params
        if "signal" not in query or "signal_type" not in query:
            raise MalformedMessageError("url, or signal and signal_type")
        one = fingerprint_of(query["signal_type"], query["signal"])
        await guest.take_place()
        return require_screened(await run_in_threadpool(self._screening.screen_fingerprints, [one], None, content_id_of(request)))

    def _taking_part(self, request: Request) -> dict[str, Bank]:
        query = request.query_params
        coin = None if is_true(query.get("bypass_coinflip")) else _coin(query.get("seed"))
        return taking_part(self._banks.all(), _named(request), coin)

    async def _held(self, result: ScreenResult) -> Held:
        """Return what of the platform's own banks holds what matched; nothing is asked where nothing of theirs did."""
        return await run_in_threadpool(self._own.held, result.matches) if result.matches else {}


def _named(request: Request) -> frozenset[str] | None:
    named = frozenset(word for word in request.query_params.get("banks", "").split(",") if word)
    return named or None


def _coin(seed: str | None) -> float:
    """Return a number from 0 to below 1: the same for the same seed, whatever the process."""
    if seed is None:
        return random.SystemRandom().random()
    return int.from_bytes(hashlib.sha256(seed.encode(errors="replace")).digest()[:_SEED_BYTES]) / _SEEDS
