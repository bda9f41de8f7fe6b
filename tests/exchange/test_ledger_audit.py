# SPDX-License-Identifier: Apache-2.0
"""`stillmine ledger audit` against the real exchange's log, and against what a dishonest operator could make of it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
import pytest
from exchange_parts import PartnerClient, Phone, empty_all_tables
from typer.testing import CliRunner, Result

from stillmine.auditor import commands
from stillmine.auditor.client import LogClient
from stillmine.exchange.app import wsgi_application
from stillmine.exchange.context import Context
from stillmine.ledger.checkpoint import SigningKey
from stillmine.ledger.entry import read_entry

Audit = Callable[..., Result]


@pytest.fixture
def audit(exchange: Context, monkeypatch: pytest.MonkeyPatch) -> Audit:
    """The command, with the application behind it instead of a network."""
    transport = httpx.WSGITransport(wsgi_application(exchange), raise_app_exceptions=True)
    monkeypatch.setattr(commands, "LogClient", partial(LogClient, transport=transport))
    return lambda *options: CliRunner().invoke(commands.app, ["audit", "https://exchange.example", *map(str, options)])


def entries(phone: Phone, partner: PartnerClient, numbers: range) -> None:
    """Make some entries: each fetch of more is another page."""
    for number in numbers:
        phone.add(number)
        partner.fetch()


def rewrite(exchange: Context, place: int) -> None:
    """Change an entry and everything that depends on it, as someone with the database and the secret can."""
    from stillmine.exchange.ledger.actions import _append
    from stillmine.exchange.ledger.models import GivenCheckpoint, Leaf, LedgerHead, Mention, Node
    from stillmine.exchange.tx import tx

    rows = [(leaf.text, bytes(leaf.items)) for leaf in Leaf.objects.order_by("place")]
    texts = [text.replace("Example Social", "Example Nobody") if at == place else text for at, (text, _) in enumerate(rows)]
    assert read_entry(texts[place]).partner == "Example Nobody"
    with tx("test.rewrite", exchange.clock):
        kept = list(Mention.objects.all())
        Mention.objects.all().delete()
        _forget_pages()
        for model in (Leaf, Node, GivenCheckpoint):
            model.objects.all().delete()
        LedgerHead.objects.update(size=0, hashes=b"")
        for text, (_, items) in zip(texts, rows, strict=True):
            _append(text, items)
        Mention.objects.bulk_create(kept)


def _forget_pages() -> None:
    from stillmine.exchange.feed.models import Disclosure

    Disclosure.objects.all().delete()


def cut(exchange: Context, entries_left: int) -> None:
    from stillmine.exchange.ledger.actions import _append
    from stillmine.exchange.ledger.models import GivenCheckpoint, Leaf, LedgerHead, Mention, Node
    from stillmine.exchange.tx import tx

    texts = list(Leaf.objects.order_by("place").values_list("text", flat=True)[:entries_left])
    with tx("test.cut", exchange.clock):
        Mention.objects.all().delete()
        _forget_pages()
        for model in (Leaf, Node, GivenCheckpoint):
            model.objects.all().delete()
        LedgerHead.objects.update(size=0, hashes=b"")
        for text in texts:
            _append(text, b"")


@pytest.fixture
def dishonest(exchange: Context, phone: Phone, partner: PartnerClient) -> Context:
    """An exchange with a log of six entries; what tests do to it is made good again before fsck looks."""
    phone.open(1)
    entries(phone, partner, range(2, 7))
    return exchange


@pytest.fixture(autouse=True)
def _cleared(exchange: Context) -> object:
    yield
    empty_all_tables()


def test_a_log_that_holds_and_goes_on(phone: Phone, partner: PartnerClient, audit: Audit, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    phone.open(1)
    entries(phone, partner, range(2, 5))
    first = audit("--state", state)
    assert (first.exit_code, first.stdout.splitlines()[0]) == (0, "The log holds: its 4 entries make the signed root.")
    assert "stillmine/" in first.stdout.splitlines()[-1]
    entries(phone, partner, range(5, 8))
    second = audit("--state", state)
    assert (second.exit_code, second.stdout) == (
        0,
        "The log holds: its 7 entries make the signed root, and continue the 4 of the last time.\n",
    )
    assert audit("--state", state).exit_code == 0


def test_a_key_from_elsewhere_is_used(web: httpx.Client, phone: Phone, partner: PartnerClient, audit: Audit) -> None:
    key = web.get("/api/v1/ledger/key").json()["key"]
    assert audit("--key", key).stdout == "The log holds: its 1 entries make the signed root.\n"
    other = audit("--key", SigningKey(bytes(32)).verifier.text())
    assert (other.exit_code, other.stderr) == (1, "Wrong signature: the newest checkpoint is not signed by this ledger's key.\n")


def test_somebody_elses_checkpoint_is_compared(web: httpx.Client, dishonest: Context, audit: Audit, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_text(web.get("/api/v1/ledger/checkpoint").text)
    assert audit("--against", theirs).exit_code == 0
    rewrite(dishonest, 2)
    found = audit("--against", theirs)
    assert found.exit_code == 1
    assert found.stderr == "Fork: two different logs of 6 entries were signed, this one and the other checkpoint.\n"


def test_a_fork_of_the_same_size(dishonest: Context, audit: Audit, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    assert audit("--state", state).exit_code == 0
    before = state.read_bytes()
    rewrite(dishonest, 3)
    found = audit("--state", state)
    assert found.exit_code == 1
    assert found.stderr.startswith("Fork: two different logs of 6 entries were signed, this one and what was saved the last time.")
    assert state.read_bytes() == before
    assert (tmp_path / "state.json.evidence").read_text().count("\n— stillmine/") == 2


def test_a_rewritten_entry_in_a_log_that_went_on(
    dishonest: Context, phone: Phone, partner: PartnerClient, audit: Audit, tmp_path: Path
) -> None:
    state = tmp_path / "state.json"
    assert audit("--state", state).exit_code == 0
    rewrite(dishonest, 0)
    entries(phone, partner, range(7, 9))
    found = audit("--state", state)
    assert found.exit_code == 1
    assert found.stderr.startswith("Rewrite: the log of 8 entries does not begin with the 6 of what was saved the last time.")


def test_a_shrunk_log(dishonest: Context, audit: Audit, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    assert audit("--state", state).exit_code == 0
    cut(dishonest, 4)
    found = audit("--state", state)
    assert found.exit_code == 1
    assert found.stderr.startswith("Shrunk: the log has 4 entries, but what was saved the last time has 6.")


def test_a_rewritten_hash_under_the_old_signature(dishonest: Context, audit: Audit) -> None:
    from stillmine.exchange.ledger.models import Node

    Node.objects.filter(id=4).update(hash=bytes(32))
    found = audit()
    assert (found.exit_code, found.stderr) == (1, "Wrong root: the entries' hashes do not make the root that was signed.\n")


def test_another_secret_signs(dishonest: Context, audit: Audit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from stillmine.exchange.ledger import actions, views

    state = tmp_path / "state.json"
    assert audit("--state", state).exit_code == 0
    from stillmine.exchange.ledger.models import GivenCheckpoint

    GivenCheckpoint.objects.all().delete()
    for module in (actions, views):
        monkeypatch.setattr(module, "signing_key", lambda secret: SigningKey(bytes(32)))
    found = audit("--state", state)
    assert (found.exit_code, found.stderr) == (1, "Wrong signature: the newest checkpoint is not signed by this ledger's key.\n")
