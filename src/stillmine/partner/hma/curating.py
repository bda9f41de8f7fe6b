# SPDX-License-Identifier: Apache-2.0
"""HMA's calls about banks and exchanges: `/c/…`, and `/status`.

There is one exchange, and names for it. Must never pretend to have stored, changed or fetched what it did not.
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from stillmine.partner.ground.errors import HmaReadOnlyError
from stillmine.partner.hma.banks import Bank, Banks, Matches
from stillmine.partner.hma.doors import asked, said, told, word_of
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
                "choices": [choice.value for choice in Matches],
            }
        ]
    },
    "credentials_schema": None,
}


class Curating:
    """Tells of banks and of the exchange, and keeps the names of banks."""

    def __init__(self, banks: Banks, standing: Stands) -> None:
        self._banks = banks
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
        return told([_shown(name, bank) for name, bank in self._banks.all().items()])

    async def bank(self, request: Request) -> Response:
        """Show one bank."""
        return told(_shown(_name(request), self._banks.get(_name(request))))

    async def change_bank(self, request: Request) -> Response:
        """Give a bank another name, another share, or both."""
        body, name = await asked(request), _name(request)
        new_name = name if body.get("name") is None else word_of(body, "name")
        bank = await run_in_threadpool(self._banks.change, name, new_name, _ratio(body))
        return told(_shown(new_name, bank))

    async def remove_bank(self, request: Request) -> Response:
        """Forget the name of a bank."""
        await run_in_threadpool(self._banks.remove, _name(request))
        return told({"message": "This name is gone. What the exchange protects is looked up as before."})

    async def exchanges(self, _request: Request) -> Response:
        """List the names once more: each stands for the exchange."""
        return told(list(self._banks.all()))

    async def add_exchange(self, request: Request) -> Response:
        """Make a name for the exchange."""
        body = await asked(request)
        if word_of(body, "api") != API:
            raise MalformedMessageError(_NO_API)
        await run_in_threadpool(self._banks.add, word_of(body, "bank"), _matches(body.get("api_json")))
        return told({"message": "This name stands for the exchange from now on."}, 201)

    async def exchange(self, request: Request) -> Response:
        """Show what a name stands for."""
        bank = self._banks.get(_name(request))
        return told({"name": _name(request), "api": API, "enabled": True, "matches": bank.matches.value})

    async def exchange_status(self, request: Request) -> Response:
        """Say how the exchange was followed."""
        self._banks.get(_name(request))
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
        """What a bank holds is the exchange's."""
        raise HmaReadOnlyError


def _shown(name: str, bank: Bank) -> dict[str, object]:
    return {"name": name, "matching_enabled_ratio": bank.enabled_ratio}


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
    try:
        return Matches(settings.get("matches") or Matches.RULES)
    except ValueError:
        raise MalformedMessageError(f"matches: {', '.join(Matches)}") from None


def _ratio(body: dict[str, object]) -> float | None:
    ratio, is_enabled = body.get("enabled_ratio"), body.get("enabled")
    if ratio is None:
        return None if is_enabled is None else float(is_enabled is True)
    if isinstance(ratio, bool) or not isinstance(ratio, int | float):
        raise MalformedMessageError("enabled_ratio: 0 to 1")
    return float(ratio)
