# SPDX-License-Identifier: Apache-2.0
"""`stillmine demo`: the main job on a real photograph, narrated; then everything stays up until Ctrl-C."""

import asyncio
import signal
import socket
import tempfile
import threading
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stillmine.demo.person_commands import person_app
from stillmine.demo.platform import Platform
from stillmine.demo.processes import FORUM, SOCIAL, System, free_ports
from stillmine.demo.story import Pictures, Story
from stillmine.wire.errors import NotConfiguredError

app = typer.Typer(invoke_without_command=True, pretty_exceptions_enable=False)
app.add_typer(person_app, name="person", help="Play the person of a case at an exchange on this machine.")

_PROJECT = Path(__file__).resolve().parents[3]
_MEDIA = _PROJECT / "media"
_UNRELATED = 4


@app.callback()
def demo(
    context: typer.Context,
    leave: Annotated[bool, typer.Option("--exit", help="Stop after the story; exit code 0 only if everything in it worked.")] = False,
    photograph: Annotated[Path, typer.Option(help="The photograph that the case is about.")] = _MEDIA / "skimage/rocket.jpg",
    others: Annotated[Path, typer.Option(help="Folder with at least four other photographs, which must pass.")] = _MEDIA / "clothing",
) -> None:
    """Fingerprint a photograph, open a case, see altered copies stopped, withdraw, see them pass; then leave everything running."""
    if context.invoked_subcommand:
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # being asked to end stops the children too
    console = Console(highlight=False, width=140)
    pictures = Pictures(photograph, _unrelated(others, photograph))
    ports = free_ports(*range(8400, 8405))
    with tempfile.TemporaryDirectory(prefix="stillmine-demo-") as folder:
        console.print("Stillmine, the main job: starting an exchange, two partners and their pretend platforms …")
        with System(Path(folder), ports, platforms=(SOCIAL, FORUM)) as system:
            has_held = Story(system, pictures, console).tell()
            console.print("\n[bold]Everything held.[/bold]" if has_held else "\n[bold]Not everything held; see above.[/bold]")
            if not leave:
                _stay(console, system, pictures)
    raise typer.Exit(0 if has_held else 1)


@app.command(hidden=True)
def platform(
    partner: Annotated[str, typer.Option(help="Address of the partner service.")],
    service_key_file: Annotated[Path, typer.Option(help="File with the partner service's key.")],
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")],
    name: Annotated[str, typer.Option(help="What it is called.")],
    lookup: Annotated[str, typer.Option(help="What its partner service does with an upload, in words.")],
) -> None:
    """Serve a pretend platform."""
    from stillmine.serving.doors import Doors  # noqa: PLC0415 (only this process needs the server)
    from stillmine.serving.listening import answer, bound  # noqa: PLC0415 (only this process needs the server)

    application = Platform(name, lookup, partner, service_key_file.read_text().strip()).app()

    async def serve(listener: socket.socket) -> None:
        told_to_stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, told_to_stop.set)
        await answer(listener, application, Doors(stop_seconds=1.0), told_to_stop)

    with bound("127.0.0.1", port) as listener:
        asyncio.run(serve(listener))


def _unrelated(folder: Path, photograph: Path) -> list[Path]:
    """Take four other photographs; raises NotConfiguredError where there are too few."""
    found = sorted(path for path in folder.glob("*.jpg") if path.resolve() != photograph.resolve())
    if len(found) < _UNRELATED:
        raise NotConfiguredError(f"--others: {_UNRELATED} JPEG photographs are needed, {len(found)} are there")
    if not photograph.is_file():
        raise NotConfiguredError("--photograph: there is no such file")
    return found[:_UNRELATED]


def _stay(console: Console, system: System, pictures: Pictures) -> None:
    console.print("\n[bold]Still running, to try by hand:[/bold]")
    console.print(
        f"   portal          {system.url('exchange')}/          (protect a picture, for example {pictures.photograph})", soft_wrap=True
    )
    for platform in (SOCIAL, FORUM):
        console.print(f"   {platform.name:<15} {system.url('platform', platform)}/          (post it, or an altered copy)")
        console.print(f"   {'':<15} {system.url('partner', platform)}/health    (its partner service, which {platform.in_words})")
    console.print("Ctrl-C stops everything and deletes what it kept.")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        console.print("\nStopping.")
