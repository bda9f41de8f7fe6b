# SPDX-License-Identifier: Apache-2.0
"""Settings and private files: nothing by default, nothing that others can read, nothing shown in a refusal."""

import stat
from pathlib import Path

import pytest

from stillmine.client.settings import exchange_settings
from stillmine.partner.ground.errors import HomeInUseError
from stillmine.partner.ground.home import SERVICE_KEY_FILE, prepare_home, service_key, sole_user
from stillmine.wire.errors import NotConfiguredError
from tests.partner.fake_exchange import KEY


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://exchange.example", "https://exchange.example"),
        (" HTTPS://Exchange.Example/ ", "https://exchange.example"),
        ("https://exchange.example:8443/some/path/", "https://exchange.example:8443/some/path"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://localhost:8000/", "http://localhost:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_one_exchange_has_one_spelling(given: str, kept: str) -> None:
    assert exchange_settings(given, None, {"STILLMINE_PARTNER_KEY": KEY}).url == kept


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "exchange.example",
        "ftp://exchange.example",
        "https://",
        "https://exchange.example:port",
        "https://[",
        "https://user:password@exchange.example",
        "https://exchange.example/?a=b",
        "http://exchange.example",
        "http://127.0.0.1.exchange.example",
        "http://10.0.0.1:8000",
    ],
)
def test_address_that_cannot_be_used(url: str | None) -> None:
    with pytest.raises(NotConfiguredError, match="--exchange") as raised:
        exchange_settings(url, None, {"STILLMINE_PARTNER_KEY": KEY})
    assert "password" not in str(raised.value)


def test_key_comes_from_the_file_before_the_environment(tmp_path: Path) -> None:
    other = "smk_89abcdef_" + "B" * 43
    file = private_file(tmp_path / "partner.key", f"{other}\n")
    settings = exchange_settings("https://exchange.example", file, {"STILLMINE_PARTNER_KEY": KEY})
    assert bytes(settings.partner_key) == other.encode()
    assert other not in repr(settings)


@pytest.mark.parametrize("content", ["", "\n", KEY[:-1], KEY + "A", f"{KEY}\n{KEY}", "sms_" + "A" * 43, "\xe9" * 56])
def test_key_that_is_not_whole_is_refused_and_not_shown(tmp_path: Path, content: str) -> None:
    for file, environment in ((private_file(tmp_path / "key", content), {}), (None, {"STILLMINE_PARTNER_KEY": content})):
        with pytest.raises(NotConfiguredError) as raised:
            exchange_settings("https://exchange.example", file, environment)
        assert not content.strip() or content.strip() not in str(raised.value)


def test_no_key_names_both_ways() -> None:
    with pytest.raises(NotConfiguredError, match="--key-file or STILLMINE_PARTNER_KEY"):
        exchange_settings("https://exchange.example", None, {})


@pytest.mark.parametrize("content", ["", "\n"])
def test_an_empty_key_file_is_called_empty(tmp_path: Path, content: str) -> None:
    with pytest.raises(NotConfiguredError, match="--key-file: this file is empty"):
        exchange_settings("https://exchange.example", private_file(tmp_path / "key", content), {"STILLMINE_PARTNER_KEY": KEY})


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_key_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    file = private_file(tmp_path / "key", KEY)
    file.chmod(mode)
    with pytest.raises(NotConfiguredError, match="chmod 600"):
        exchange_settings("https://exchange.example", file, {})


def test_missing_key_file_is_named_by_its_option(tmp_path: Path) -> None:
    with pytest.raises(NotConfiguredError, match="--key-file: can't be read"):
        exchange_settings("https://exchange.example", tmp_path / "nowhere", {})


def test_home_is_made_private_and_an_open_one_refused(tmp_path: Path) -> None:
    home = prepare_home(tmp_path / "above" / "home")
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert prepare_home(home) == home
    home.chmod(0o750)
    with pytest.raises(NotConfiguredError, match="chmod 700"):
        prepare_home(home)
    (tmp_path / "file").touch()
    with pytest.raises(NotConfiguredError, match="--home"):
        prepare_home(tmp_path / "file" / "home")


def test_service_key_is_made_once_and_private(home: Path) -> None:
    first = service_key(home, lambda count: bytes(range(count)))
    assert bytes(first).startswith(b"sms_")
    assert len(first) == 47
    assert stat.S_IMODE((home / SERVICE_KEY_FILE).stat().st_mode) == 0o600
    assert service_key(home, lambda count: b"x" * count) == first
    assert service_key(home, lambda count: b"x" * count) != service_key(prepare_home(home / "other"), lambda count: b"x" * count)


@pytest.mark.parametrize("content", ["", "short", "sms_" + "A" * 42])
def test_damaged_service_key_is_never_used(home: Path, content: str) -> None:
    private_file(home / SERVICE_KEY_FILE, content)
    with pytest.raises(NotConfiguredError, match="delete it"):
        service_key(home, bytes)


def test_open_service_key_is_refused(home: Path) -> None:
    service_key(home, bytes)
    (home / SERVICE_KEY_FILE).chmod(0o644)
    with pytest.raises(NotConfiguredError, match="chmod 600"):
        service_key(home, bytes)


def test_home_has_one_syncing_user_at_a_time(home: Path) -> None:
    with sole_user(home), pytest.raises(HomeInUseError), sole_user(home):
        pass
    with sole_user(home):
        assert stat.S_IMODE((home / "lock").stat().st_mode) == 0o600


def private_file(path: Path, content: str) -> Path:
    path.touch(mode=0o600)
    path.write_text(content)
    return path
