# SPDX-License-Identifier: Apache-2.0
"""`stillmine exchange operator …`: the only place where operators are made and removed.

An enrolment code is printed once. No command takes or prints a password.
"""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from stillmine.exchange.commands.command_line import AsJson, Home, prepare

if TYPE_CHECKING:
    from stillmine.exchange.rows.console import Operator

app = typer.Typer(no_args_is_help=True, help="People who may use the console (`serve --console`).")

OperatorName = Annotated[str, typer.Argument(help="As it appears in the log of actions, 1 to 60 characters.")]
RoleName = Annotated[str, typer.Option("--role", help="manager (everything) or reviewer (reads, and decides in quarantine).")]


@app.command("add")
def operator_add(name: OperatorName, role: RoleName, home: Home = None, as_json: AsJson = False) -> None:
    """Add an operator and print their enrolment code, once."""
    exchange = prepare(home)
    from stillmine.exchange.console.operators import add_operator
    from stillmine.exchange.rows.console import Role

    if role not in list(Role):
        raise typer.BadParameter("manager or reviewer", param_hint="--role")
    _print_code(*add_operator(exchange, name, Role(role)), as_json)


@app.command("list")
def operator_list(home: Home = None, as_json: AsJson = False) -> None:
    """List operators, their roles, and when they last signed in."""
    prepare(home)
    from stillmine.exchange.console.queries import operator_lines

    lines = operator_lines()
    if as_json:
        rows = [{"operator": line.name, "role": line.role, "enrolled": line.enrolled_at is not None} for line in lines]
        typer.echo(json.dumps({"operators": rows}))
        return
    for line in lines:
        last = f"last signed in {line.signed_in_at:%Y-%m-%d}" if line.signed_in_at else "never signed in"
        typer.echo(f"{line.name}  {line.role}  {'enrolled' if line.enrolled_at else 'not enrolled yet'}  {last}")
    if not lines:
        typer.echo("No operators yet. Add one: stillmine exchange operator add NAME --role manager")


@app.command("reset")
def operator_reset(name: OperatorName, home: Home = None, as_json: AsJson = False) -> None:
    """Remove password, second factor and sessions, and print a new enrolment code, once."""
    exchange = prepare(home)
    from stillmine.exchange.console.operators import reset_operator

    _print_code(*reset_operator(exchange, name), as_json)


@app.command("remove")
def operator_remove(name: OperatorName, home: Home = None) -> None:
    """Remove an operator; their sessions end at once, and their lines in the log stay."""
    exchange = prepare(home)
    from stillmine.exchange.console.operators import remove_operator

    remove_operator(exchange, name)
    typer.echo("Removed, and signed out everywhere.")


def _print_code(operator: "Operator", code: str, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"operator": operator.name, "role": operator.role, "enrolment_code": code}))
        return
    typer.echo(f"Operator:       {operator.name} ({operator.role})\nEnrolment code: {code}\n")
    typer.echo("This code is shown now and never again. It works once, for 24 hours, on the page /console/enrol.")
    typer.echo("Hand it over in person or by phone, not in the message that says where the console is.")
