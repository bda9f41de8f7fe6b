# SPDX-License-Identifier: Apache-2.0
"""`stillmine exchange keys …`: which key-encryption keys are in use, and rewrapping. No key is ever printed."""

import json

import typer

from stillmine.exchange.commands.command_line import AsJson, Home, noted, prepare

keys_app = typer.Typer(no_args_is_help=True, help="Keys that protect everything at rest.")


@keys_app.command("list")
def keys_list(home: Home = None, as_json: AsJson = False) -> None:
    """List the ids of key-encryption keys, the one that wraps first, and how many data keys each wraps."""
    exchange = prepare(home)
    from stillmine.exchange.protection.data_keys import keys_in_use

    ring, in_use = exchange.keys.ring(), keys_in_use(exchange)
    rows = [{"key": key_id, "wraps": key_id == ring.newest, "data_keys": in_use.get(key_id, 0)} for key_id in ring.keys]
    missing = sorted(in_use.keys() - ring.keys.keys())
    if as_json:
        typer.echo(json.dumps({"keys": rows, "missing": missing}))
    else:
        for row in rows:
            typer.echo(f"{row['key']}  {row['data_keys']} data key(s){'  wraps new ones' if row['wraps'] else ''}")
        for key_id in missing:
            typer.echo(f"{key_id}  {in_use[key_id]} data key(s)  IS MISSING: put its line back from your backup")
    if missing:
        raise typer.Exit(1)


@keys_app.command("rotate")
def keys_rotate(home: Home = None, as_json: AsJson = False) -> None:
    """Rewrap every data key under a new key of the day and the first line, while the exchange serves; says which lines can be removed."""
    exchange = prepare(home)
    from stillmine.exchange.erasure.rotation import rotate

    with noted(exchange, "keys_rotated"):
        done = rotate(exchange)
    unused = [key_id for key_id in exchange.keys.ring().keys if key_id not in done.in_use]
    if as_json:
        typer.echo(json.dumps({"newest": done.newest, "rewrapped": done.rewrapped, "can_go": unused}))
        return
    typer.echo(f"{done.rewrapped} data key(s) rewrapped under {done.newest}.")
    if done.broken:
        typer.echo(f"{done.broken} of them do not open. Run `stillmine exchange fsck`")
    for key_id in unused:
        typer.echo(f"Nothing is wrapped under {key_id} any more: its line can go once you have made a new backup.")
