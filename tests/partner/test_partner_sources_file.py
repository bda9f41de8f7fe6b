# SPDX-License-Identifier: Apache-2.0
"""The file of sources: what a right one says, and that a wrong one is refused with everything that is wrong."""

from pathlib import Path

import pytest

from stillmine.partner.screening.sources import Policy
from stillmine.partner.screening.way_in_use import WayChoice
from stillmine.partner.sources.file import MAXIMUM_SOURCES, SourceChoice, SourceType, read_sources
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import Action, RegionsChoice
from tests.partner.fake_exchange import KEY

EXCHANGE = '[[source]]\nname = "exchange"\ntype = "stillmine"\nurl = "https://exchange.example/"\nkey_file = "exchange.key"\n'
KEYS_OF_AN_EXCHANGE = "action, key_file, kinds, name, regions, share, threshold_bits, type, url, way"
BANK = '[[source]]\nname = "own"\ntype = "bank"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in (("exchange.key", KEY), ("two.key", "subscription\nfunction\n")):
        (tmp_path / name).touch(0o600)
        (tmp_path / name).write_text(content)
    return tmp_path


def read(folder: Path, text: str) -> list[SourceChoice]:
    (folder / "partner.toml").write_text(text)
    return read_sources(folder / "partner.toml")


def wrong(folder: Path, text: str) -> list[str]:
    """Return what is wrong with it, one after the other."""
    with pytest.raises(NotConfiguredError) as caught:
        read(folder, text)
    said = str(caught.value.detail).removeprefix("--config: ")
    assert KEY not in said
    return said.split("\n")


def test_a_file_of_every_type(folder: Path) -> None:
    server = '[[source]]\nname = "ncii"\ntype = "stopncii"\nurl = "https://ncii.example/v1"\nkey_file = "two.key"\n'
    server += 'action = "review"\nshare = 0.5\n'
    more = 'way = "list"\nthreshold_bits = 24\nregions = "off"\nkinds = ["pdq", "sha256"]\naction = "log"\n'
    own, bank, ncii = read(folder, BANK + EXCHANGE + more + server)
    assert own.policy == Policy("exchange", Action.LOG, frozenset({Kind.PDQ, Kind.SHA256}), 24, 1.0)
    assert (own.way, own.regions, own.exchange and own.exchange.url) == (WayChoice.LIST, RegionsChoice.OFF, "https://exchange.example")
    assert own.exchange is not None
    assert bytes(own.exchange.partner_key) == KEY.encode()
    assert own.exchange.key_file == folder / "exchange.key"
    assert (bank.type, bank.policy) == (SourceType.BANK, Policy("own", is_told=False))
    assert ncii.policy == Policy("ncii", Action.REVIEW, frozenset({Kind.PDQ, Kind.MD5}), 31, 0.5)
    assert ncii.server is not None
    assert (bytes(ncii.server.subscription_key), bytes(ncii.server.function_key)) == (b"subscription", b"function")


def test_the_file_that_the_spec_names_needs_an_exchange(folder: Path) -> None:
    assert wrong(folder, BANK) == ["name: one source of the type stillmine is called exchange"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("share = 2", "share: a number from 0 to 1"),
        ("share = true", "share: a number from 0 to 1"),
        ('kinds = ["pictures"]', "kinds: a list of some of chromaprint, md5, pdq, regions, sha256, vpdq"),
        ("kinds = []", "kinds: a list of some of chromaprint, md5, pdq, regions, sha256, vpdq"),
        ('action = "stop"', "action: one of match, review, log, never"),
        ('action = "never"', "action: never is for the type bank"),
        ('way = "often"', "way: one of auto, ask, list, both"),
        ("threshold_bits = 32", "threshold_bits: a whole number from 0 to 31"),
        ("threshold_bits = 20", "threshold_bits: an exchange that is asked tells no distance; only with way = 'list'"),
        ('regions = "some"', "regions: one of off, small, all"),
        ('colour = "red"', "colour: not known of the type stillmine, which has " + KEYS_OF_AN_EXCHANGE),
    ],
)
def test_one_mistake_is_one_sentence_with_its_key(folder: Path, line: str, said: str) -> None:
    found = wrong(folder, EXCHANGE + line + "\n" + BANK)
    assert found[0] == f"source 1 (exchange): {said}"
    assert len(found) == 1


def test_everything_that_is_wrong_is_said_at_once(folder: Path) -> None:
    (folder / "open.key").write_text(KEY)
    (folder / "open.key").chmod(0o644)
    text = "port = 1\n" + EXCHANGE + '[[source]]\nname = "Police"\ntype = "ftp"\n'
    text += '[[source]]\nname = "exchange"\ntype = "stillmine"\nurl = "http://far.example"\nkey_file = "open.key"\n'
    text += '[[source]]\nname = "x"\ntype = "stopncii"\nurl = ""\n'
    assert wrong(folder, text) == [
        "port: not known here; everything else is an option of the command",
        "source 2: name: 1 to 40 of a-z, 0-9 and -",
        "source 2: type: one of stillmine, stopncii, bank",
        "source 3 (exchange): url: must start with https://; plain http would show the partner key on the network",
        "source 3 (exchange): key_file: others can read this file; run chmod 600 on it",
        "source 4 (x): url: give an address such as https://exchange.example",
        "source 4 (x): key_file: missing; name the file with the key",
        "name: exchange is there 2 times",
    ]


def test_one_negative_bank_and_something_that_counts(folder: Path) -> None:
    never = '[[source]]\nname = "{}"\ntype = "bank"\naction = "never"\n'
    assert wrong(folder, EXCHANGE + never.format("a") + never.format("b")) == ["action: one source at most is never"]
    assert wrong(folder, EXCHANGE + 'action = "log"\n' + never.format("a")) == ["action: at least one source is match or review"]
    assert wrong(folder, EXCHANGE + never.format("a") + "share = 0.5\n") == [
        "source 2 (a): share: without effect where the action is never"
    ]


@pytest.mark.parametrize("text", ["", "[source]\nname = 1\n", "source = []\n", "source = 1\n", BANK * (MAXIMUM_SOURCES + 1)])
def test_a_file_without_a_list_of_sources_is_refused(folder: Path, text: str) -> None:
    assert wrong(folder, text)[-1] == f"[[source]]: 1 to {MAXIMUM_SOURCES} of them"


@pytest.mark.parametrize("content", [b"[[source", b"\xff\xfe"])
def test_what_is_no_toml_is_refused(folder: Path, content: bytes) -> None:
    (folder / "partner.toml").write_bytes(content)
    with pytest.raises(NotConfiguredError, match="no TOML"):
        read_sources(folder / "partner.toml")
    with pytest.raises(NotConfiguredError, match="can't be read"):
        read_sources(folder / "none.toml")


def test_the_file_of_the_guide_is_right(folder: Path, root: Path) -> None:
    guide = (root / "docs/running-a-partner.md").read_text()
    text = guide.split("```toml\n[[source]]\n")[1].split("```")[0]
    (folder / "two.key").rename(folder / "ncii.key")
    assert [(choice.policy.name, choice.policy.action) for choice in read(folder, f"[[source]]\n{text}")] == [
        ("exchange", Action.MATCH),
        ("ncii", Action.LOG),
        ("own", Action.REVIEW),
        ("harmless", Action.NEVER),
    ]
