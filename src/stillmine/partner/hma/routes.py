# SPDX-License-Identifier: Apache-2.0
"""Every address of HMA's face, and who may call it: spec/hma.md.

Must never let a call pass that neither shows the key nor comes from this machine.
"""

from pathlib import Path

from starlette.routing import Route

from stillmine.partner.fetching.allowed import AllowedSources
from stillmine.partner.hma.banks import Banks
from stillmine.partner.hma.contents import Contents
from stillmine.partner.hma.curating import Curating
from stillmine.partner.hma.doors import HmaChoice, only_local
from stillmine.partner.hma.files import Files
from stillmine.partner.hma.matching import Matching
from stillmine.partner.hma.own_banks import OwnBanks
from stillmine.partner.service.service import BodyHandler, Handler, MoreRoutes, ServiceParts


def hma_routes(choice: HmaChoice, home: Path, sources: AllowedSources) -> MoreRoutes:
    """Return what makes the routes; none where HMA's calls are not answered. Raises StoreUnreadableError for damaged names of banks."""
    if choice is HmaChoice.OFF:
        return lambda _parts: []
    banks = Banks(home)
    return lambda parts: _routes(choice, parts, banks, sources)


def _routes(choice: HmaChoice, parts: ServiceParts, banks: Banks, sources: AllowedSources) -> list[Route]:
    own = OwnBanks(banks, parts.banks, parts.clock, parts.random_bytes)
    files = Files(parts.home, sources)
    matching, curating, contents = Matching(parts, banks, own, files), Curating(banks, own, parts.standing), Contents(parts, own, files)

    def route(path: str, method: str, handler: Handler) -> Route:
        if choice is HmaChoice.OPEN:
            return Route(path, parts.guarded(only_local(handler), needs_key=False), methods=[method])
        return Route(path, parts.guarded(handler), methods=[method])

    def file_route(path: str, method: str, handler: BodyHandler) -> Route:
        return route(path, method, parts.with_room(handler))

    return [
        Route("/status", parts.guarded(curating.status, needs_key=False), methods=["GET"]),
        Route("/status/live", parts.guarded(curating.alive, needs_key=False), methods=["GET"]),
        file_route("/h/hash", "GET", matching.hash),
        file_route("/h/hash", "POST", matching.hash),
        file_route("/m/lookup", "GET", matching.lookup),
        file_route("/m/lookup", "POST", matching.lookup),
        file_route("/m/raw_lookup", "GET", matching.raw_lookup),
        route("/c/banks", "GET", curating.banks),
        route("/c/banks", "POST", curating.make_bank),
        route("/c/bank/{name}", "GET", curating.bank),
        route("/c/bank/{name}", "PUT", curating.change_bank),
        route("/c/bank/{name}", "DELETE", curating.remove_bank),
        file_route("/c/bank/{name}/content", "POST", contents.add_file),
        route("/c/bank/{name}/signal", "POST", contents.add_signals),
        route("/c/bank/{name}/content/{number}", "GET", contents.show),
        route("/c/bank/{name}/content/{number}", "PUT", contents.change),
        route("/c/bank/{name}/content/{number}", "DELETE", contents.remove),
        route("/c/exchanges", "GET", curating.exchanges),
        route("/c/exchanges", "POST", curating.add_exchange),
        route("/c/exchanges/apis", "GET", curating.apis),
        route("/c/exchanges/api/{api}", "GET", curating.api),
        route("/c/exchanges/api/{api}", "POST", curating.refuse),
        route("/c/exchanges/api/{api}/schema", "GET", curating.api_schema),
        route("/c/exchange/{name}", "GET", curating.exchange),
        route("/c/exchange/{name}", "PUT", curating.refuse),
        route("/c/exchange/{name}", "DELETE", curating.remove_exchange),
        route("/c/exchange/{name}/status", "GET", curating.exchange_status),
    ]
