# SPDX-License-Identifier: Apache-2.0
"""`stillmine ledger audit` against the real exchange's log, and against what a dishonest operator could make of it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from stillmine.auditor import commands
from stillmine.auditor.client import LogClient
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.web.app import wsgi_application
from stillmine.ledger.checkpoint import SigningKey
from stillmine.ledger.entry import read_entry
from stillmine.ledger.tree import CompactRange
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, empty_all_tables, publish
from tests.exchange.test_ledger import case_ledger

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


def rewrite(exchange: Context, number: int) -> None:
    """Change an entry and everything that depends on it, as someone with the database and the secret can."""
    from stillmine.exchange.rows.log import Leaf

    leaf = Leaf.objects.get(id=number)
    text = leaf.text.replace("Example Social", "Example Nobody")
    assert read_entry(text).partner == "Example Nobody"
    Leaf.objects.filter(id=number).update(text=text)
    _make_anew(exchange, Leaf.objects.filter(place__isnull=False).count())


def cut(exchange: Context, leaves_left: int) -> None:
    from stillmine.exchange.rows.feed import Disclosure
    from stillmine.exchange.rows.log import Leaf, Mention

    Mention.objects.all().delete()
    Disclosure.objects.all().delete()
    Leaf.objects.filter(place__gte=leaves_left).delete()
    _make_anew(exchange, leaves_left)


def _make_anew(exchange: Context, size: int) -> None:
    """Make the tree again over the texts that are there, and forget every checkpoint."""
    from stillmine.exchange.log.nodes import joined_hashes
    from stillmine.exchange.log.publishing import grow
    from stillmine.exchange.rows.log import GivenCheckpoint, Leaf, LedgerHead, Node

    leaves = list(Leaf.objects.filter(place__lt=size).order_by("place").values_list("id", "text"))
    for model in (Node, GivenCheckpoint):
        model.objects.all().delete()
    Leaf.objects.filter(place__isnull=False).update(place=None)
    tree = grow(CompactRange(), leaves)
    LedgerHead.objects.update(size=size, hashes=joined_hashes(tree.hashes))


@pytest.fixture
def dishonest(exchange: Context, phone: Phone, partner: PartnerClient) -> Context:
    """An exchange with six entries in a log of 128; what tests do to it is made good again before fsck looks."""
    phone.open(1)
    entries(phone, partner, range(2, 5))
    publish(exchange)
    entries(phone, partner, range(5, 7))
    publish(exchange)
    return exchange


@pytest.fixture(autouse=True)
def _cleared(exchange: Context) -> object:
    yield
    empty_all_tables()


def test_a_log_that_holds_and_goes_on(exchange: Context, phone: Phone, partner: PartnerClient, audit: Audit, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    phone.open(1)
    entries(phone, partner, range(2, 5))
    publish(exchange)
    first = audit("--state", state)
    assert (first.exit_code, first.stdout.splitlines()[0]) == (0, "The log holds: its 64 entries make the signed root.")
    assert "stillmine/" in first.stdout.splitlines()[-1]
    entries(phone, partner, range(5, 8))
    publish(exchange)
    second = audit("--state", state)
    assert (second.exit_code, second.stdout) == (
        0,
        "The log holds: its 128 entries make the signed root, and continue the 64 of the last time.\n",
    )
    assert audit("--state", state).exit_code == 0


def test_a_key_from_elsewhere_is_used(web: httpx.Client, phone: Phone, partner: PartnerClient, audit: Audit) -> None:
    key = web.get("/api/v1/ledger/key").json()["key"]
    assert audit("--key", key).stdout == "The log holds: its 0 entries make the signed root.\n"
    other = audit("--key", SigningKey(bytes(32)).verifier.text())
    assert (other.exit_code, other.stderr) == (1, "Wrong signature: the newest checkpoint is not signed by this ledger's key.\n")


def test_somebody_elses_checkpoint_is_compared(web: httpx.Client, dishonest: Context, audit: Audit, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_text(web.get("/api/v1/ledger/checkpoint").text)
    assert audit("--against", theirs).exit_code == 0
    rewrite(dishonest, 2)
    found = audit("--against", theirs)
    assert found.exit_code == 1
    assert found.stderr == "Fork: two different logs of 128 entries were signed, this one and the other checkpoint.\n"


def test_a_fork_of_the_same_size(dishonest: Context, audit: Audit, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    assert audit("--state", state).exit_code == 0
    before = state.read_bytes()
    rewrite(dishonest, 3)
    found = audit("--state", state)
    assert found.exit_code == 1
    assert found.stderr.startswith("Fork: two different logs of 128 entries were signed, this one and what was saved the last time.")
    assert state.read_bytes() == before
    assert (tmp_path / "state.json.evidence").read_text().count("\n— stillmine/") == 2


def test_a_rewritten_entry_in_a_log_that_went_on(
    dishonest: Context, phone: Phone, partner: PartnerClient, audit: Audit, tmp_path: Path
) -> None:
    state = tmp_path / "state.json"
    assert audit("--state", state).exit_code == 0
    rewrite(dishonest, 0)
    entries(phone, partner, range(7, 9))
    publish(dishonest)
    found = audit("--state", state)
    assert found.exit_code == 1
    assert found.stderr.startswith("Rewrite: the log of 192 entries does not begin with the 128 of what was saved the last time.")


def test_a_shrunk_log(dishonest: Context, audit: Audit, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    assert audit("--state", state).exit_code == 0
    cut(dishonest, 64)
    found = audit("--state", state)
    assert found.exit_code == 1
    assert found.stderr.startswith("Shrunk: the log has 64 entries, but what was saved the last time has 128.")


def test_a_rewritten_hash_under_the_old_signature(dishonest: Context, audit: Audit) -> None:
    from stillmine.exchange.rows.log import Node

    Node.objects.filter(id=4).update(hash=bytes(32))
    found = audit()
    assert (found.exit_code, found.stderr) == (1, "Wrong root: the entries' hashes do not make the root that was signed.\n")


def test_another_secret_signs(dishonest: Context, audit: Audit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from stillmine.exchange.log import actions
    from stillmine.exchange.person import log_views as views

    state = tmp_path / "state.json"
    assert audit("--state", state).exit_code == 0
    from stillmine.exchange.rows.log import GivenCheckpoint

    GivenCheckpoint.objects.all().delete()
    for module in (actions, views):
        monkeypatch.setattr(module, "signing_key", lambda secret: SigningKey(bytes(32)))
    found = audit("--state", state)
    assert (found.exit_code, found.stderr) == (1, "Wrong signature: the newest checkpoint is not signed by this ledger's key.\n")


def test_promises_of_a_case_are_kept_and_one_that_is_dropped_is_evidence(
    exchange: Context, phone: Phone, partner: PartnerClient, audit: Audit, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stillmine.exchange.rows.log import Leaf, Mention

    monkeypatch.setattr(commands, "now", lambda: clock.now)
    path = tmp_path / "promises.txt"
    first = phone.open(1, 2).fingerprints[0].id
    for withdrawn in (first, None):
        phone.withdraw(withdrawn)
        path.write_text("".join(one.promise for one in case_ledger(phone).promised))
        assert audit("--promise", path).exit_code == 0
        clock.forward(hours=8)
        if withdrawn is None:
            Mention.objects.all().delete()
            Leaf.objects.filter(place=None).delete()
        publish(exchange)
        found = audit("--promise", path)
        assert found.exit_code == (0 if withdrawn else 1)
    assert found.stderr.startswith("Broken promise: ")
