# SPDX-License-Identifier: Apache-2.0
"""Runs a guide as its reader would: every block of commands, in order, in one shell, and holds each shown answer against the real one.

A block in ```sh is run. What stands in ```json or ```text after it is what it prints: the same fields and the same words, while ids,
times and numbers may be others. ```python is run as a program of its own; ```toml has to be TOML. A block that begins with
`# Not run by our tests` is passed over, and its reader sees that.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

NOT_RUN = "# Not run by our tests"
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_BEGIN, _END = "\x1ebegin", "\x1eend"
_PATIENCE_SECONDS = 480
_SHELL = ("bash", "guide.sh")
_HEAD = "set -eu -o pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT\n"
_VARYING = re.compile(
    r"\b\d{4}-\d\d-\d\d(T[\d:]+Z)?\b"  # days and times
    r"|\b\d{1,2} (January|February|March|April|May|June|July|August|September|October|November|December) \d{4}\b"
    r"|\b[0-9a-f]{8,}\b|\bsmk_[\w-]+|\b\d[\d,.]*"
)


class GuideError(AssertionError):
    """What the guide says is not so; says where in the guide."""


@dataclass(frozen=True)
class Block:
    """One fenced block, where it begins, and what it shows."""

    language: str
    text: str
    line: int

    @property
    def is_run(self) -> bool:
        return self.language in {"sh", "python"} and not self.text.startswith(NOT_RUN)

    @property
    def is_answer(self) -> bool:
        return self.language in {"json", "text"}


def _require_toml(block: Block) -> None:
    try:
        tomllib.loads(block.text)
    except tomllib.TOMLDecodeError as error:
        raise GuideError(f"line {block.line}: {error}") from None


def blocks_of(guide: str) -> list[Block]:
    """All fenced blocks in their order; each has to be of a language that is checked here."""
    found = [Block(match[1], match[2], guide.count("\n", 0, match.start()) + 1) for match in _FENCE.finditer(guide)]
    for before, block in zip([None, *found], found, strict=False):
        if block.language == "toml":
            _require_toml(block)
        elif block.language not in {"sh", "json", "text", "python"}:
            raise GuideError(f"line {block.line}: a block of {block.language or 'no language'} is not checked by anything")
        if block.is_answer and (before is None or before.language not in {"sh", "python"}):
            raise GuideError(f"line {block.line}: this answer belongs to no command")
    return found


def run_guide(
    guide: str, folder: Path, swaps: Mapping[str, str], environment: Mapping[str, str], shell: Sequence[str] = _SHELL
) -> list[str]:
    """Run all blocks in `folder`, with `swaps` made in them first (ports); return what each block that was run printed.

    `shell` runs `guide.sh` of that folder: with another one, in another root.
    Raises GuideError for a command that fails and for an answer that differs from what is shown.
    """
    blocks = blocks_of(guide)
    printed = _printed([block for block in blocks if block.is_run], folder, swaps, environment, shell)
    outputs = iter(printed)
    last: str | None = None
    for block in blocks:
        if not block.is_answer:
            last = next(outputs) if block.is_run else None
        elif last is not None:
            compare(block, last)
    return printed


def compare(block: Block, printed: str) -> None:
    """Hold a shown answer against a real one; raises GuideError."""
    if block.language == "json":
        shown, real = list(_json_values(block.text)), list(_json_values(printed))
        differences = list(_differences(shown, real, ""))
    else:
        shown_lines, real_lines = _without_what_varies(block.text), _without_what_varies(printed)
        differences = [] if shown_lines == real_lines else [f"{shown_lines} is shown, {real_lines} was printed"]
    if differences:
        raise GuideError(f"line {block.line}: {'; '.join(differences)}\n{printed}")


def _printed(
    blocks: Sequence[Block], folder: Path, swaps: Mapping[str, str], environment: Mapping[str, str], shell: Sequence[str]
) -> list[str]:
    script = _HEAD + "".join(_as_script(number, block) for number, block in enumerate(blocks))
    for old, new in swaps.items():
        script = script.replace(old, new)
    (folder / "guide.sh").write_text(script)
    with (folder / "guide.out").open("wb") as out, (folder / "guide.err").open("wb") as err:
        ended = _ended(shell, folder, {**_plain_environment(folder), **environment}, out.fileno(), err.fileno())
    parts = (folder / "guide.out").read_text().split(_BEGIN)[1:]
    if ended or len(parts) != len(blocks):
        block = blocks[max(len(parts) - 1, 0)]
        logs = "".join(f"\n{path.name}: {path.read_text()[-3000:]}" for path in [folder / "guide.err", *folder.rglob("*.log")])
        raise GuideError(f"line {block.line}: ended with {ended}:\n{block.text}{(parts or [''])[-1]}{logs}")
    return [part.split("\n", 1)[1].split(_END)[0] for part in parts]


def _as_script(number: int, block: Block) -> str:
    text = block.text if block.language == "sh" else f"python - <<'END_OF_PYTHON'\n{block.text}END_OF_PYTHON\n"
    return f"printf '{_BEGIN} {number}\\n'\n{text}printf '{_END}'\n"


def _plain_environment(folder: Path) -> dict[str, str]:
    """What a newcomer's shell has: nothing of ours set, a home of its own, and the commands that were installed."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("STILLMINE_")}
    return {**kept, "HOME": str(folder), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def _ended(command: Sequence[str], folder: Path, environment: Mapping[str, str], out: int, err: int) -> int | str:
    """Run it as a group of its own, of which nothing is left afterwards; return its exit status, or words where it took too long."""
    shell = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=err, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        return shell.wait(timeout=_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        return f"no end in {_PATIENCE_SECONDS} seconds"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGKILL)


def _json_values(text: str) -> Iterator[object]:
    """One value, or one a line as commands with `--json` print."""
    decoder, place = json.JSONDecoder(), 0
    while text[place:].strip():
        place += len(text[place:]) - len(text[place:].lstrip())
        try:
            value, place = decoder.raw_decode(text, place)
        except ValueError:
            raise GuideError(f"no JSON: {text[place:][:500]}") from None
        yield value


def _differences(shown: object, real: object, where: str) -> Iterator[str]:
    if isinstance(shown, dict) and isinstance(real, dict):
        if shown.keys() != real.keys():
            yield f"{where}: {sorted(shown)} is shown, {sorted(real)} was answered"
        for name in shown.keys() & real.keys():
            yield from _differences(shown[name], real[name], f"{where}.{name}")
    elif isinstance(shown, list) and isinstance(real, list):
        if len(shown) != len(real):
            yield f"{where}: {len(shown)} entries are shown, {len(real)} were answered"
        for number, (first, second) in enumerate(zip(shown, real, strict=False)):
            yield from _differences(first, second, f"{where}[{number}]")
    elif type(shown) is not type(real):
        yield f"{where}: {shown!r} is shown, {real!r} was answered"
    elif isinstance(shown, str) and isinstance(real, str):
        if _without_what_varies(shown) != _without_what_varies(real):
            yield f"{where}: {shown!r} is shown, {real!r} was answered"
    elif isinstance(shown, bool) and shown is not real:
        yield f"{where}: {shown} is shown, {real} was answered"


def _without_what_varies(text: str) -> list[str]:
    return [_VARYING.sub("·", line).rstrip() for line in text.strip().splitlines()]
