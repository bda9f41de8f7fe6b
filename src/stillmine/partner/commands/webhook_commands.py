# SPDX-License-Identifier: Apache-2.0
"""What an operator says and sees of webhooks. Contract: spec/webhooks.md.

Must never print the secret, nor the address that webhooks go to, which may hold one.
"""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from stillmine.partner.commands.match_commands import existing_home
from stillmine.partner.store.webhooks import FailedWebhook, WebhookQueue
from stillmine.partner.webhooks.sending import WebhookChoice
from stillmine.wire.codec import encode
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.screen import WebhooksHealth
from stillmine.wire.webhook import SCREEN_FINISHED

_PANEL = "Webhooks"

Url = Annotated[
    str | None,
    typer.Option(
        "--webhook", rich_help_panel=_PANEL, help="Address that is told what becomes of matches, https://. Nobody is told without it."
    ),
]
SecretFile = Annotated[
    Path | None,
    typer.Option(
        rich_help_panel=_PANEL,
        help="File (0600) with the secret that signs webhooks; else `webhook.secret` in the home folder, made if needed.",
    ),
]
Insecure = Annotated[
    bool,
    typer.Option(
        "--webhook-insecure", rich_help_panel=_PANEL, help="Let webhooks go to this machine and your own network, there also with http://."
    ),
]
Retry = Annotated[bool, typer.Option("--retry", help="Send everything again that waits or has failed, also after a 410.")]


def choice(url: str | None, secret_file: Path | None, *, is_inside_allowed: bool) -> WebhookChoice | None:
    """Return what the options say; raises NotConfiguredError."""
    if url is None:
        if secret_file is not None or is_inside_allowed:
            raise NotConfiguredError("--webhook: the address that the other options of webhooks are about")
        return None
    wanted = WebhookChoice(url, is_inside_allowed, secret_file)
    wanted.target()
    return wanted


def show_webhooks(home: Path, *, is_retry: bool, is_json: bool) -> None:
    """Print how it stands, and what has failed."""
    with closing(WebhookQueue(existing_home(home))) as queue:
        if is_retry:
            queue.retry()
        health, failed = queue.health(), queue.failed()
    typer.echo(encode(health).decode() if is_json else _in_words(health))
    for one in [] if is_json else failed:
        typer.echo(_failed_in_words(one))


def _in_words(health: WebhooksHealth) -> str:
    counts = f"{health.waiting} waiting, {health.failed} failed, {health.not_queued} not queued"
    off = "; switched off by 410, until `--retry`" if health.is_switched_off else ""
    return counts + off + ("" if health.problem is None else f"; last try: {health.problem}")


def _failed_in_words(failed: FailedWebhook) -> str:
    what = "screening" if failed.type == SCREEN_FINISHED else "match"
    return f"failed: {failed.type} of {failed.happened_at:%Y-%m-%d %H:%MZ}, {what} id {failed.about}"
