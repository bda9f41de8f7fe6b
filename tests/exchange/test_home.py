# SPDX-License-Identifier: Apache-2.0
"""The home folder and the settings: made privately at first start, refused when open to others."""

import os
import stat as stat_modes
from pathlib import Path

import pytest

from stillmine.exchange.ground.secret import SECRET_FILE, derive, keep_secret, load_secret, new_secret
from stillmine.exchange.settings.config import ExchangeConfig, Options, database_settings, read_config
from stillmine.exchange.web.django_settings import build_settings
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import NotConfiguredError


def first_start(home: Path) -> Secret:
    load_secret(home)
    keep_secret(home, secret := new_secret(os.urandom), os.urandom)
    return secret


def mode(path: Path) -> int:
    return stat_modes.S_IMODE(path.stat().st_mode)


def test_first_start_makes_a_private_folder_and_secret_once(tmp_path: Path) -> None:
    home = tmp_path / "deep" / "home"
    secret = first_start(home)
    assert (mode(home), mode(home / SECRET_FILE), len(bytes(secret))) == (0o700, 0o600, 32)
    assert bytes(load_secret(home) or b"") == bytes(secret)
    assert [path.name for path in home.iterdir()] == [SECRET_FILE]
    assert "•••" in repr(secret)


def test_two_homes_have_different_secrets(tmp_path: Path) -> None:
    made = [bytes(first_start(tmp_path / name)) for name in ("one", "two")]
    assert made[0] != made[1]


@pytest.mark.parametrize(("name", "wide"), [(SECRET_FILE, 0o640), (SECRET_FILE, 0o604), (".", 0o750), (".", 0o701)])
def test_what_others_can_read_is_refused_with_the_way_out(tmp_path: Path, name: str, wide: int) -> None:
    home = tmp_path / "home"
    first_start(home)
    (home / name).chmod(wide)
    with pytest.raises(NotConfiguredError, match="chmod"):
        load_secret(home)


@pytest.mark.parametrize("content", ["", "\n", "abcd\n", "x" * 64])
def test_an_empty_or_cut_secret_is_refused_and_left_alone(tmp_path: Path, content: str) -> None:
    home = tmp_path / "home"
    first_start(home)
    (home / SECRET_FILE).write_text(content)
    with pytest.raises(NotConfiguredError, match="backup"):
        load_secret(home)
    assert (home / SECRET_FILE).read_text() == content


def test_the_environment_is_used_and_options_go_first(tmp_path: Path) -> None:
    environment = {"STILLMINE_EXCHANGE_HOME": str(tmp_path / "a"), "STILLMINE_EXCHANGE_DATABASE": "postgresql:///x"}
    assert read_config(environment).home == tmp_path / "a"
    assert read_config(environment, home=tmp_path / "b").home == tmp_path / "b"
    assert read_config(environment).database_url == "postgresql:///x"
    assert read_config({"STILLMINE_EXCHANGE_DATABASE": ""}).database_url is None
    assert read_config({}, tmp_path, Options(host_names=("exchange.example",))).host_names[-1] == "exchange.example"


def test_a_portal_folder_must_hold_a_portal(tmp_path: Path) -> None:
    with pytest.raises(NotConfiguredError, match="--portal"):
        read_config({}, tmp_path, Options(portal=tmp_path))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://user:p%40ss@db.example:5433/name", ("name", "user", "p@ss", "db.example", "5433", {})),
        ("postgresql:///name?host=/var/run/socket", ("name", "", "", "/var/run/socket", "", {})),
        ("postgresql://postgres:@/postgres?host=/x/y", ("postgres", "postgres", "", "/x/y", "", {})),
        ("postgres://db.example/name?sslmode=require", ("name", "", "", "db.example", "", {"sslmode": "require"})),
    ],
)
def test_database_addresses(url: str, expected: tuple[object, ...]) -> None:
    found = database_settings(ExchangeConfig(home=Path("unused"), database_url=url))
    assert tuple(found[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")) == expected


@pytest.mark.parametrize("url", ["mysql://x/y", "postgresql://host", "postgresql:///", "/a/path", "postgresql://user:word@host:port/name"])
def test_other_database_addresses_are_refused_without_repeating_them(url: str) -> None:
    with pytest.raises(NotConfiguredError, match="STILLMINE_EXCHANGE_DATABASE") as refused:
        database_settings(ExchangeConfig(home=Path("unused"), database_url=url))
    assert "word" not in str(refused.value)


def test_settings_have_no_default_secret_and_no_debug(tmp_path: Path) -> None:
    config = ExchangeConfig(home=tmp_path)
    one, two = (build_settings(config, Secret(bytes([number]) * 32)) for number in (1, 2))
    assert one["DEBUG"] is False
    assert one["SECRET_KEY"] != two["SECRET_KEY"]
    assert one["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
    assert not [name for name in one["INSTALLED_APPS"] if "django" in name]  # type: ignore[attr-defined]


def test_keys_for_different_purposes_differ() -> None:
    secret = Secret(b"s" * 32)
    made = {bytes(derive(secret, *parts)) for parts in (("a",), ("b",), ("a", b"x"), ("a", b"y"))}
    assert len(made) == 4
