# SPDX-License-Identifier: Apache-2.0
"""`stillmine exchange receipt …`: check a receipt that somebody shows. Needs neither a home folder nor a database."""

from pathlib import Path
from typing import Annotated

import typer

from stillmine.exchange.person.receipt_note import read_verifier, verified_text
from stillmine.wire.errors import StillmineError
from stillmine.wire.receipt import ReceiptInvalidError

MAXIMUM_RECEIPT_BYTES = 1024 * 1024

receipt_app = typer.Typer(no_args_is_help=True, help="Deletion receipts.")


@receipt_app.callback()
def receipt() -> None:
    """Deletion receipts."""


@receipt_app.command("verify")
def receipt_verify(
    file: Annotated[Path, typer.Argument(help="The receipt, as it was saved.", exists=True, dir_okay=False)],
    key: Annotated[str, typer.Option("--key", help="The exchange's key, from GET /api/v1/receipt-key.")],
) -> None:
    """Check who signed a receipt and that nothing was changed; exit code 1 and a sentence if not."""
    try:
        with file.open("rb") as opened:
            note = opened.read(MAXIMUM_RECEIPT_BYTES + 1)
        if len(note) > MAXIMUM_RECEIPT_BYTES:
            raise ReceiptInvalidError("too large for a receipt")
        verifier = read_verifier(key)
        text = verified_text(verifier, _as_text(note))
    except StillmineError as error:
        typer.echo(f"{error} [{error.code}]", err=True)
        raise typer.Exit(1) from None
    typer.echo(text)
    typer.echo(f"Signed by {verifier.name}, and unchanged.")


def _as_text(note: bytes) -> str:
    """Return the text of a file; a mail or an editor may have changed its line ends and nothing else."""
    try:
        return note.decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n").rstrip("\n") + "\n"
    except UnicodeDecodeError:
        raise ReceiptInvalidError("no text") from None
