# SPDX-License-Identifier: Apache-2.0
"""`stillmine exchange partner …`: partners and their keys. A partner key is printed once, here, and nowhere else."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from stillmine.exchange.commands.command_line import AsJson, Home, noted, prepare, read_span
from stillmine.exchange.commands.drills import partner_drill
from stillmine.exchange.ground.names import kept_name, name_key
from stillmine.exchange.rows.scopes import Scope, Way

if TYPE_CHECKING:
    from stillmine.exchange.partners.health import PartnerHealth
    from stillmine.exchange.partners.queries import KeyLine, PartnerLine
    from stillmine.exchange.transaction.context import Context

app = typer.Typer(no_args_is_help=True, help="Partners and their keys.")
key_app = typer.Typer(no_args_is_help=True, help="A partner's keys.")
app.add_typer(key_app, name="key")
app.command("drill")(partner_drill)

PartnerName = Annotated[str, typer.Argument(help="As people see it on their case page, 1 to 60 characters.")]
Scopes = Annotated[
    list[Scope] | None,
    typer.Option("--scope", help="What the key may do; repeatable (default: everything that the partner's way allows)."),
]
WAY_HELP = "`ask`: the partner asks and gets no list. `list`: it is given the list; choose such partners with care."


@app.command("add")
def partner_add(
    name: PartnerName,
    way: Annotated[Way, typer.Option(help=WAY_HELP)] = Way.ASK,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Add a partner and print its key, once."""
    exchange = prepare(home)
    from stillmine.exchange.partners.actions import add_partner

    with noted(exchange, "partner_added", kept_name(name) or ""):
        partner, key = add_partner(exchange, name, way)
    _print_key(partner.name, key, as_json)


@app.command("set")
def partner_set(
    name: PartnerName,
    way: Annotated[Way | None, typer.Option(help=WAY_HELP)] = None,
    quota: Annotated[int | None, typer.Option(help="Ask queries a day.")] = None,
    home: Home = None,
) -> None:
    """Change how a partner is connected. It applies to its keys at once; the partner keeps what it was given before."""
    exchange = prepare(home)
    from stillmine.exchange.partners.actions import set_partner

    with noted(exchange, "partner_changed", _known_name(name)):
        partner = set_partner(exchange, name, way, quota)
    typer.echo(f"{partner.name}: way {partner.way}, {partner.daily_quota} queries a day.")


@app.command("publish")
def partner_publish(
    name: PartnerName,
    sites: Annotated[
        list[str] | None,
        typer.Option("--site", help="A site or app that it stands for, by its id in content/platforms.yaml; repeatable."),
    ] = None,
    home: Home = None,
) -> None:
    """Name a partner that agreed to everybody: people see that it takes part, for these sites and no others, and how."""
    exchange = prepare(home)
    from stillmine.exchange.partners.naming import publish_partner

    with noted(exchange, "partner_changed", _known_name(name)):
        partner = publish_partner(exchange, name, sites or ())
    typer.echo(f"{partner.name}: named in public, for {partner.sites or 'no site of content/platforms.yaml'}.")


@app.command("unpublish")
def partner_unpublish(name: PartnerName, home: Home = None) -> None:
    """Name a partner to nobody any more. Only its name's publication ends: it takes part as before."""
    exchange = prepare(home)
    from stillmine.exchange.partners.naming import unpublish_partner

    with noted(exchange, "partner_changed", _known_name(name)):
        partner = unpublish_partner(exchange, name)
    typer.echo(f"{partner.name}: not named in public.")


@app.command("list")
def partner_list(home: Home = None, as_json: AsJson = False) -> None:
    """List partners with their keys, and how far each has followed."""
    exchange = prepare(home)
    from stillmine.exchange.partners.actions import find_partner
    from stillmine.exchange.partners.health import partner_health
    from stillmine.exchange.partners.queries import partner_lines

    now = exchange.clock()
    lines = [(line, partner_health(find_partner(line.name), now) if _follows(line) else None) for line in partner_lines(now)]
    warned = _warned(exchange, [line.name for line, _ in lines])
    if as_json:
        typer.echo(json.dumps({"partners": [_json_line(line, health) | warned[line.name] for line, health in lines]}))
        return
    for line, health in lines:
        typer.echo("\n  ".join(_words(line, health)))
        probed, in_vain = warned[line.name].values()
        if probed:
            typer.echo(f"  many different matches near {probed} fingerprint(s) in the last 7 days: see docs/operators.md")
        if in_vain:
            typer.echo(f"  told places of {in_vain} pictures in a day and did not find them, in the last 7 days: see docs/operators.md")
    if not lines:
        typer.echo("No partners yet. Add one: stillmine exchange partner add NAME")


@app.command("revoke")
def partner_revoke(name: PartnerName, home: Home = None) -> None:
    """Revoke a partner and all its keys. It keeps what it was given before."""
    exchange = prepare(home)
    from stillmine.exchange.partners.actions import revoke_partner

    with noted(exchange, "partner_revoked", _known_name(name)):
        keys = revoke_partner(exchange, name)
    typer.echo(f"Revoked, with {keys} key(s). Ask the partner to delete what it was given; people still see that it was.")


@key_app.command("add")
def key_add(name: PartnerName, scopes: Scopes = None, home: Home = None, as_json: AsJson = False) -> None:
    """Add one more key for a partner and print it, once; the old key works until it is revoked."""
    exchange = prepare(home)
    from stillmine.exchange.partners.actions import add_key

    with noted(exchange, "key_added", _known_name(name)):
        partner, key = add_key(exchange, name, scopes or ())
    _print_key(partner.name, key, as_json)


@key_app.command("rotate")
def key_rotate(
    name: PartnerName,
    grace: Annotated[str, typer.Option(help="How long the old key still works: 7d, 12h, 30m; at most 90d.")] = "7d",
    scopes: Scopes = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Print a new key, once; the keys with the same scopes expire after the grace period, and until then both work."""
    span = read_span(grace)
    exchange = prepare(home)
    from stillmine.exchange.partners.actions import rotate_key

    with noted(exchange, "key_rotated", _known_name(name)):
        partner, key = rotate_key(exchange, name, span, scopes or ())
    _print_key(partner.name, key, as_json)


@key_app.command("revoke")
def key_revoke(
    key_id: Annotated[str, typer.Argument(help="The eight characters after smk_, see `partner list`.")], home: Home = None
) -> None:
    """Revoke one key."""
    exchange = prepare(home)
    from stillmine.exchange.partners.actions import revoke_key, short_key_id

    with noted(exchange, "key_revoked", short_key_id(key_id)):
        revoke_key(exchange, key_id)
    typer.echo("Revoked. Requests with this key are refused from now on.")


def _known_name(name: str) -> str:
    """The partner's name as it is kept, for the log; nothing of a name that nobody has."""
    from stillmine.exchange.rows.partners import Partner

    return Partner.objects.filter(name_key=name_key(name)).values_list("name", flat=True).first() or ""


def _print_key(name: str, key: str, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"partner": name, "key_id": key.split("_")[1], "key": key}))
        return
    typer.echo(f"Partner: {name}\nKey:     {key}\n")
    typer.echo(
        "This key is shown now and never again. Give it to the partner over a channel you trust; docs/partners.md says how it is used."
    )


def _warned(exchange: "Context", names: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return what the last seven days show of each partner that an operator should look at; zeros where nothing does."""
    from stillmine.exchange.ask.places import unconfirmed_lately
    from stillmine.exchange.ask.probing import probed_lately
    from stillmine.exchange.partners.actions import find_partner

    today = exchange.clock().date()
    probed, in_vain = probed_lately(today), unconfirmed_lately(exchange, today)
    ids = {name: find_partner(name).id for name in names}
    return {name: {"probed_fingerprints": probed.get(row, 0), "unconfirmed_places": in_vain.get(row, 0)} for name, row in ids.items()}


def _follows(line: "PartnerLine") -> bool:
    return line.way is Way.LIST and line.revoked_at is None


def _json_line(line: "PartnerLine", health: "PartnerHealth | None") -> dict[str, object]:
    keys = [
        {"id": key.key_id, "scopes": key.scopes, "last_used_on": _day(key.last_used_on), "ends_at": _minute(key.ends_at)}
        for key in line.keys
    ]
    return {
        "partner": line.name,
        "way": line.way.value,
        "daily_quota": line.daily_quota,
        "revoked": line.revoked_at is not None,
        "keys": keys,
        "health": health
        and {
            "last_given_at": _minute(health.last_given_at),
            "acknowledged_at": _minute(health.acknowledged_at),
            "changes_behind": health.changes_behind,
            "withdrawals_not_acknowledged": health.withdrawals_not_acknowledged,
            "oldest_not_acknowledged": _minute(health.oldest_not_acknowledged),
        },
    }


def _words(line: "PartnerLine", health: "PartnerHealth | None") -> list[str]:
    if line.revoked_at:
        return [f"{line.name}  added {_day(line.created_at)}  revoked {_day(line.revoked_at)}"]
    words = [f"{line.name}  way {line.way}  added {_day(line.created_at)}  {line.daily_quota} queries a day"]
    words += [_key_words(key) for key in line.keys] or ["no keys"]
    if health is not None:
        given, acknowledged = _minute(health.last_given_at) or "never", _minute(health.acknowledged_at) or "never"
        words.append(f"last page with something new {given}  acknowledged {acknowledged}  {health.changes_behind} changes behind")
        if health.withdrawals_not_acknowledged:
            since = _minute(health.oldest_not_acknowledged)
            words.append(f"{health.withdrawals_not_acknowledged} withdrawals not acknowledged, the oldest since {since}")
    return words


def _key_words(key: "KeyLine") -> str:
    ends = f"  ends {_minute(key.ends_at)}" if key.ends_at else ""
    return f"key {key.key_id}  {', '.join(key.scopes) or 'no scope'}  last used {_day(key.last_used_on) or 'never'}{ends}"


def _day(at: date | None) -> str | None:
    return at.strftime("%Y-%m-%d") if at else None


def _minute(at: datetime | None) -> str | None:
    return at.strftime("%Y-%m-%dT%H:%MZ") if at else None
