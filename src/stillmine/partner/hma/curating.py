# SPDX-License-Identifier: Apache-2.0
"""HMA's calls about banks and exchanges: `/c/…`, and `/status`.

There is one exchange, and names for it, and banks of the platform's own. Must never pretend to have stored, changed or fetched what it
did not.
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from stillmine.partner.ground.errors import HmaBankNotFoundError, HmaReadOnlyError
from stillmine.partner.hma.banks import OF_EXCHANGES, Bank, Banks, Matches
from stillmine.partner.hma.doors import asked, said, told, word_of
from stillmine.partner.hma.own_banks import OwnBanks, shown
from stillmine.partner.service.standing import Stands
from stillmine.wire.errors import MalformedMessageError

API = "stillmine"
ALIVE = "I-AM-ALIVE"

_NO_API = f"api: {API}"
_SCHEMA = {
    "config_schema": {
        "fields": [
            {
                "name": "matches",
                "type": "enum",
                "required": False,
                "default": Matches.RULES.value,
                "help": "Matches that a rule may act on, or those that only a reviewer may judge; make one bank of each.",
                "choices": [choice.value for choice in OF_EXCHANGES],
            }
        ]
    },
    "credentials_schema": None,
}


class Curating:
    """Tells of banks and of the exchange, keeps the names of banks, and makes those of the platform's own."""

    def __init__(self, banks: Banks, own: OwnBanks, standing: Stands) -> None:
        self._banks = banks
        self._own = own
        self._standing = standing

    async def status(self, _request: Request) -> Response:
        """Say whether lookups mean anything now."""
        health = await run_in_threadpool(self._standing.health)
        if health.synced_at is None:
            return said("INDEX-NOT-LOADED", 503)
        return said(ALIVE) if health.is_fresh else said("INDEX-STALE", 503)

    async def alive(self, _request: Request) -> Response:
        """Say that the process answers."""
        return said(ALIVE)

    async def banks(self, _request: Request) -> Response:
        """List all banks."""
        return told([shown(name, bank) for name, bank in self._banks.all().items()])

    async def bank(self, request: Request) -> Response:
        """Show one bank."""
        return told(shown(_name(request), self._banks.get(_name(request))))

    async def make_bank(self, request: Request) -> Response:
        """Make a bank of the platform's own."""
        body = await asked(request)
        name, ratio = word_of(body, "name"), _ratio(body)
        bank = await run_in_threadpool(self._own.make, name, 1.0 if ratio is None else ratio)
        return told(shown(name, bank), 201)

    async def change_bank(self, request: Request) -> Response:
        """Give a bank another name, another share, or both."""
        body, name = await asked(request), _name(request)
        new_name = name if body.get("name") is None else word_of(body, "name")
        bank = await run_in_threadpool(self._banks.change, name, new_name, _ratio(body))
        return told(shown(new_name, bank))

    async def remove_bank(self, request: Request) -> Response:
        """Forget the name of a bank, and what a bank of the platform's own holds."""
        await run_in_threadpool(self._own.delete, _name(request))
        return told({"message": "This bank is gone. What the exchange protects is looked up as before."})

    async def remove_exchange(self, request: Request) -> Response:
        """Forget a name that stands for the exchange."""
        self._of_exchange(request)
        return await self.remove_bank(request)

    async def exchanges(self, _request: Request) -> Response:
        """List the names once more that stand for the exchange."""
        return told([name for name, bank in self._banks.all().items() if bank.matches in OF_EXCHANGES])

    async def add_exchange(self, request: Request) -> Response:
        """Make a name for the exchange."""
        body = await asked(request)
        if word_of(body, "api") != API:
            raise MalformedMessageError(_NO_API)
        await run_in_threadpool(self._banks.add, word_of(body, "bank"), Bank(_matches(body.get("api_json"))))
        return told({"message": "This name stands for the exchange from now on."}, 201)

    async def exchange(self, request: Request) -> Response:
        """Show what a name stands for."""
        bank = self._of_exchange(request)
        return told({"name": _name(request), "api": API, "enabled": True, "matches": bank.matches.value})

    async def exchange_status(self, request: Request) -> Response:
        """Say how the exchange was followed."""
        self._of_exchange(request)
        health = await run_in_threadpool(self._standing.health)
        second = None if health.synced_at is None else int(health.synced_at.timestamp())
        return told(
            {
                "checkpoint_ts": second,
                "running_fetch_start_ts": None,
                "last_fetch_complete_ts": second,
                "last_fetch_succeeded": None if second is None and health.problem is None else health.problem is None,
                "up_to_date": health.is_fresh,
                "fetched_items": health.fingerprints or 0,
            }
        )

    async def apis(self, _request: Request) -> Response:
        """List the one sort of exchange."""
        return told([API])

    async def api(self, request: Request) -> Response:
        """Say that no credentials are set here."""
        _require_api(request)
        return told({"supports_authentification": False, "has_set_authentification": False})

    async def api_schema(self, request: Request) -> Response:
        """Say what can be set of a bank."""
        _require_api(request)
        return told(_SCHEMA)

    async def refuse(self, _request: Request) -> Response:
        """What is said of the exchange is said to the service itself."""
        raise HmaReadOnlyError

    def _of_exchange(self, request: Request) -> Bank:
        """Return what a name that stands for the exchange is; raises HmaBankNotFoundError."""
        bank = self._banks.get(_name(request))
        if bank.matches not in OF_EXCHANGES:
            raise HmaBankNotFoundError
        return bank


def _name(request: Request) -> str:
    name: str = request.path_params["name"]
    return name


def _require_api(request: Request) -> None:
    if request.path_params["api"] != API:
        raise MalformedMessageError(_NO_API)


def _matches(api_json: object) -> Matches:
    settings = {} if api_json is None else api_json
    if not isinstance(settings, dict) or set(settings) - {"matches"}:
        raise MalformedMessageError("api_json: matches")
    wanted = settings.get("matches") or Matches.RULES
    if wanted not in OF_EXCHANGES:
        raise MalformedMessageError(f"matches: {', '.join(OF_EXCHANGES)}")
    return Matches(wanted)


def _ratio(body: dict[str, object]) -> float | None:
    ratio, is_enabled = body.get("enabled_ratio"), body.get("enabled")
    if ratio is None:
        return None if is_enabled is None else float(is_enabled is True)
    try:
        if isinstance(ratio, bool) or not isinstance(ratio, int | float | str):
            raise ValueError
        return float(ratio)  # Coop writes the number as text
    except (ValueError, OverflowError):
        raise MalformedMessageError("enabled_ratio: 0 to 1") from None
