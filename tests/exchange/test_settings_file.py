# SPDX-License-Identifier: Apache-2.0
"""`exchange.toml`: every command finds the home's own database, whatever the shell has forgotten."""

import json
import re
import signal
import subprocess
import tomllib
from pathlib import Path

import pytest

from stillmine.exchange.ground.database_address import same_database, shown_database
from stillmine.exchange.settings.config import DATABASE_FILE, Options, read_config, serving_settings
from stillmine.exchange.settings.file import KEYS, SETTINGS_FILE, keep_settings, read_settings_file
from stillmine.wire.errors import NotConfiguredError
from tests import plain_http
from tests.exchange.served_exchange import Operator

OTHER = "postgresql://stillmine:hidden-word@db.example/other"
VARIABLE = "STILLMINE_EXCHANGE_DATABASE"


def written(home: Path, text: str) -> Path:
    home.mkdir(mode=0o700, exist_ok=True)
    path = home / SETTINGS_FILE
    path.write_text(text)
    path.chmod(0o600)
    return home


def test_a_forgotten_variable_does_not_make_another_database(operator: Operator, tmp_path: Path) -> None:
    operator.run("migrate")
    stated = operator.environment.pop(VARIABLE, None)
    key = json.loads(operator.run("partner", "add", "Example Social", "--json"))["key"]
    operator.run("migrate")
    operator.run("backup", str(tmp_path / "backup"))
    assert "Example Social" in next((tmp_path / "backup").glob("data-2*")).read_text()
    if stated:
        operator.environment[VARIABLE] = stated
        assert not (operator.home / DATABASE_FILE).exists()
    assert key.split("_")[1] in operator.run("partner", "list")


@pytest.mark.parametrize("command", [("migrate",), ("partner", "add", "Example Social"), ("serve", "--port", "1")])
def test_another_database_than_the_homes_is_refused_and_no_password_is_shown(operator: Operator, command: tuple[str, ...]) -> None:
    operator.run("migrate")
    operator.environment[VARIABLE] = OTHER
    said = operator.run(*command, expect=2)
    assert "postgresql://db.example:5432/other" in said
    assert str(operator.home / SETTINGS_FILE) in said
    assert "hidden-word" not in said
    assert said.count("\n") == 1


def test_a_home_that_served_with_another_database_gets_no_empty_one(operator: Operator) -> None:
    """A home from before `exchange.toml`, whose database is elsewhere."""
    operator.home.mkdir(mode=0o700)
    (operator.home / "index.lock").touch()
    operator.environment.pop(VARIABLE, None)
    assert VARIABLE in operator.run("migrate", expect=2)
    assert not (operator.home / DATABASE_FILE).exists()


def test_serve_writes_what_it_used_and_then_needs_no_options(
    operator: Operator, served: tuple[str, subprocess.Popen[bytes], Path], portal_folder: Path
) -> None:
    url, process, _ = served
    assert plain_http.get(url).status_code == 200
    path = operator.home / SETTINGS_FILE
    assert path.stat().st_mode & 0o777 == 0o600
    said = tomllib.loads(path.read_text())
    assert said["database"] == operator.environment.get(VARIABLE, "sqlite")
    assert said["serve"] == {
        "host_names": [],
        "trusted_proxies": 0,
        "console": False,
        "listen": "127.0.0.1",
        "port": int(url.rpartition(":")[2]),
        "workers": 2,
        "portal": str(portal_folder),
    }
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=60)
    config = read_config({}, operator.home)
    assert serving_settings(config) == said["serve"]
    assert config.database_url == operator.environment.get(VARIABLE)


def test_the_command_line_goes_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    home = written(
        tmp_path / "home",
        'database = "postgresql://a:b@db.example/x"\n'
        '[serve]\nport = 81\nhost_names = ["a.example"]\nconsole = true\n[intake]\nfound_a_day = 7\n',
    )
    config = read_config({}, home)
    assert (config.port, config.host_names[-1], config.console, config.intake.found_a_day) == (81, "a.example", True, 7)
    assert config.database_url == "postgresql://a:b@db.example/x"
    environment = {VARIABLE: "postgresql://c:d@db.example:5432/x?sslmode=require", "STILLMINE_EXCHANGE_FOUND_A_DAY": "9"}
    config = read_config(environment, home, Options(port=82, console=False, host_names=("b.example",)))
    assert (config.port, config.host_names[-1], config.console, config.intake.found_a_day) == (82, "b.example", False, 9)
    assert config.database_url == environment[VARIABLE], "the same database with another user"
    assert "a.example" not in config.host_names


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('database = "sqlite"\nport = 8080\n', "line 2: `port`: there is no such key"),
        ('database = "sqlite"\n\n[serve]\nport = "hidden-word"\n', "line 4: `serve.port`: a number from 1 to 65535"),
        ("[serve]\nport = 70000\n", "line 2: `serve.port`"),
        ("[serve]\ntrusted_proxies = true\n", "line 2: `serve.trusted_proxies`: a number from 0 to 5"),
        ('[serve]\nconsole = "hidden-word"\n', "line 2: `serve.console`: true or false"),
        ('[serve]\nhost_names = "hidden-word"\n', "line 2: `serve.host_names`: a list of texts in quotes"),
        ("[serve]\nhost_names = [1]\n", "line 2: `serve.host_names`"),
        ("database = 5\n", "line 1: `database`: a text in quotes"),
        ('database = "mysql://hidden-word/x"\n', "line 1: `database`: `sqlite`, or postgresql://"),
        ("[intake]\nfound_a_day = 1\n", "line 2: `intake.found_a_day`: 0, or a number from 2 on"),
        ("\n\n[server]\nport = 1\n", "line 4: `server.port`: there is no such key"),
        ('database = "sqlite"\nwrong = hidden-word\n', "not TOML, line 2"),
        ('database = "hidden-word\n', "not TOML, line 1"),
        ('database = "sqlite"\ndatabase = "hidden-word"\n', "not TOML, line 2"),
        ("database = \udcff\n", "not UTF-8"),
    ],
)
def test_what_can_not_be_used_is_one_sentence_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    home = written(tmp_path / "home", "")
    (home / SETTINGS_FILE).write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(NotConfiguredError) as refused:
        read_config({}, home)
    assert words in refused.value.detail
    assert str(home / SETTINGS_FILE) in refused.value.detail
    assert "hidden-word" not in refused.value.detail


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    home = written(tmp_path / "home", "")
    (home / SETTINGS_FILE).chmod(0o640)
    with pytest.raises(NotConfiguredError, match="chmod 600"):
        read_config({}, home)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir(mode=0o700)
    (tmp_path / "b" / SETTINGS_FILE).mkdir(mode=0o700, parents=True)
    (tmp_path / "a" / SETTINGS_FILE).symlink_to(tmp_path / "nothing")
    for home in ("a", "b"):
        with pytest.raises(NotConfiguredError, match="a folder, or a link to nothing"):
            read_config({}, tmp_path / home)


def test_what_the_file_says_stays(tmp_path: Path) -> None:
    home = written(tmp_path / "home", '# mine\ndatabase = "sqlite"\n')
    keep_settings(home, "postgresql://x/y", {}, bytes)
    assert (home / SETTINGS_FILE).read_text() == '# mine\ndatabase = "sqlite"\n'
    keep_settings(home, None, {"port": 80, "host_names": ["näyte.example"]}, bytes)
    keep_settings(home, None, {"port": 90}, bytes)
    assert (home / SETTINGS_FILE).read_text() == '# mine\ndatabase = "sqlite"\n\n[serve]\nport = 80\nhost_names = ["näyte.example"]\n'
    assert read_settings_file(home).texts("serve.host_names") == ("näyte.example",)
    assert [path.name for path in home.iterdir()] == [SETTINGS_FILE]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("postgresql://a@h/n", "postgres://b:w@h:5432/n?sslmode=require", True),
        ("postgresql:///n?host=/x", "postgresql://u@/n?host=/x", True),
        ("postgresql://h/n", "postgresql://h/m", False),
        ("postgresql://h/n", "postgresql://h:5433/n", False),
        ("postgresql://h/n", None, False),
        (None, None, True),
    ],
)
def test_which_addresses_name_one_database(one: str | None, other: str | None, same: bool) -> None:
    assert same_database(one, other) is same_database(other, one) is same
    assert all("w@" not in shown_database(url) for url in (one, other))


@pytest.mark.parametrize("parameter", ["dbname=m", "hostaddr=192.0.2.1", "service=other"])
def test_an_address_that_connects_elsewhere_is_refused(parameter: str) -> None:
    with pytest.raises(NotConfiguredError, match=parameter.partition("=")[0]):
        same_database(f"postgresql://h/n?{parameter}", "postgresql://h/n")


def test_every_key_is_documented_and_every_variable_has_one(root: Path) -> None:
    written_down = (root / "docs" / "operators.md").read_text()
    assert not [name for name in KEYS if f"`{name}`" not in written_down]
    sources = "\n".join(path.read_text() for path in (root / "src" / "stillmine" / "exchange").rglob("*.py"))
    variables = set(re.findall(r"STILLMINE_EXCHANGE_[A-Z_]+[A-Z]", sources)) - {"STILLMINE_EXCHANGE_HOME"}
    shared_with_partners = {"STILLMINE_LOG_FORMAT"}
    assert variables | shared_with_partners == {key.variable for key in KEYS.values() if key.variable}


def test_sqlite_can_be_named_in_the_environment_as_in_the_file(tmp_path: Path) -> None:
    assert read_config({VARIABLE: "sqlite"}, written(tmp_path / "named", 'database = "sqlite"\n')).database_url is None
    assert read_config({VARIABLE: "sqlite"}, tmp_path / "new").database_url is None
    other = written(tmp_path / "other", 'database = "postgresql://a:b@db.example/x"\n')
    with pytest.raises(NotConfiguredError, match="SQLite in the home folder"):
        read_config({VARIABLE: "sqlite"}, other)
