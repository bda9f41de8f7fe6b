# SPDX-License-Identifier: Apache-2.0
"""What is stored opens in its own place with its own key, and goes with it."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from stillmine.exchange.keys.ring import KEYS_FILE, KeyEncryptionKeys, parse_keys
from stillmine.exchange.keys.seal import Cell, SealedValueError, blind_index, open_sealed, seal
from stillmine.exchange.transaction.context import Context
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import NotConfiguredError
from tests.exchange.exchange_parts import START, PartnerClient, Phone, code, opening, value
from tests.exchange.test_ledger import log

KEY = Secret(b"k" * 32)
CELL = Cell("table", "column", "1")
LINE = f"{'0a' * 4} {'0b' * 32}\n"
NEWER = f"{'1a' * 4} {'1b' * 32}\n"


@pytest.mark.parametrize("other", [Cell("table", "column", "2"), Cell("table", "other", "1"), Cell("other", "column", "1")])
def test_a_sealed_value_opens_in_its_place_only(other: Cell) -> None:
    sealed = seal(KEY, b"content", CELL, os.urandom)
    assert len(sealed) == 12 + len(b"content") + 16
    assert open_sealed(KEY, sealed, CELL) == b"content"
    with pytest.raises(SealedValueError, match=f"table {other.table}, row {other.row}") as refused:
        open_sealed(KEY, sealed, other)
    assert "content" not in str(refused.value)


def test_a_changed_or_cut_value_or_another_key_opens_nothing() -> None:
    sealed = seal(KEY, b"content", CELL, os.urandom)
    for broken in (sealed[:-1], sealed[1:], sealed[:20], b"", sealed[:-1] + bytes([sealed[-1] ^ 1])):
        with pytest.raises(SealedValueError):
            open_sealed(KEY, broken, CELL)
    with pytest.raises(SealedValueError):
        open_sealed(Secret(b"l" * 32), sealed, CELL)


def test_the_same_twice_looks_different_and_is_found_by_its_blind_index() -> None:
    assert seal(KEY, b"content", CELL, os.urandom) != seal(KEY, b"content", CELL, os.urandom)
    assert blind_index(KEY, "pdq", "v") == blind_index(KEY, "pdq", "v")
    assert len({blind_index(KEY, "pdq", "v"), blind_index(KEY, "md5", "v"), blind_index(Secret(b"l" * 32), "pdq", "v")}) == 3


@pytest.mark.parametrize("text", ["", "\n", "0a0a0a0a", LINE.upper(), LINE + LINE, LINE + "x\n", LINE.replace(" ", "  "), LINE[:-2]])
def test_keys_that_cannot_be_read_are_refused_without_showing_them(text: str) -> None:
    with pytest.raises(NotConfiguredError, match="line") as refused:
        parse_keys(text, "somewhere")
    assert "0b0b" not in str(refused.value)


def test_the_first_line_wraps_and_any_opens() -> None:
    ring = parse_keys(NEWER + "\n" + LINE, "somewhere")
    assert (ring.newest, list(ring.keys)) == ("1a" * 4, ["1a" * 4, "0a" * 4])
    assert "1b1b" not in repr(ring)


def keys_in(home: Path, command: str | None = None) -> KeyEncryptionKeys:
    return KeyEncryptionKeys(home, command, lambda: START)


def test_a_changed_file_is_followed_and_a_broken_one_does_not_stop_who_serves(tmp_path: Path) -> None:
    keys = keys_in(tmp_path)
    with pytest.raises(NotConfiguredError, match="backup"):
        keys.ring()
    keys.create_file(os.urandom)
    first = keys.ring().newest
    path = tmp_path / KEYS_FILE
    assert path.stat().st_mode & 0o777 == 0o600
    keys.create_file(os.urandom)
    assert keys.ring().newest == first, "never made twice"
    path.write_text(NEWER + path.read_text())
    assert list(keys.ring().keys) == ["1a" * 4, first]
    path.write_text("half a li")
    assert keys.ring().newest == "1a" * 4
    with pytest.raises(NotConfiguredError, match="line 1"):
        keys_in(tmp_path).ring()
    path.write_text(LINE)
    path.chmod(0o640)
    with pytest.raises(NotConfiguredError, match="chmod 600"):
        keys_in(tmp_path).ring()


@pytest.mark.parametrize("command", ["/nonexistent/command", "false", "true", "'", "printf '\\377'"])
def test_a_command_that_gives_no_keys_is_said(tmp_path: Path, command: str) -> None:
    with pytest.raises(NotConfiguredError, match="STILLMINE_EXCHANGE_KEYS_COMMAND"):
        keys_in(tmp_path, command).ring()


def test_keys_come_from_a_command_and_then_no_file_is_made(tmp_path: Path) -> None:
    (tmp_path / "kms").write_text(LINE)
    keys = keys_in(tmp_path, f"cat {tmp_path / 'kms'}")
    keys.create_file(os.urandom)
    assert keys.ring().newest == "0a" * 4
    (tmp_path / "kms").write_text(NEWER + LINE)
    assert keys.ring().newest == "0a" * 4, "not asked again within the minute"
    assert keys.ring_with("1a" * 4).newest == "1a" * 4, "but at once where a key is missing"
    assert [path.name for path in tmp_path.iterdir()] == ["kms"]


def counting_command(tmp_path: Path) -> tuple[str, Callable[[], int]]:
    """A command that gives keys while the file `kms` is there, and how often it was run."""
    ran = tmp_path / "ran"
    script = tmp_path / "command.sh"
    script.write_text(f"echo >> {ran}\nexec cat {tmp_path / 'kms'}\n")
    return f"sh {script}", lambda: len(ran.read_text()) if ran.exists() else 0


def test_a_missing_key_runs_the_command_once_a_minute_however_often_it_is_asked_for(tmp_path: Path) -> None:
    """`/readyz` asks for keys, and anybody asks it."""
    command, times_run = counting_command(tmp_path)
    now = [START]
    keys = KeyEncryptionKeys(tmp_path, command, lambda: now[0])
    (tmp_path / "kms").write_text(LINE)
    keys.ring()
    for _ in range(5):
        assert "1a" * 4 not in keys.ring_with("1a" * 4).keys
    assert times_run() == 2, "once for the key that is missing"
    now[0] += timedelta(seconds=61)
    (tmp_path / "kms").unlink()  # the command fails from now on
    for _ in range(5):
        with pytest.raises(NotConfiguredError, match="lacks key"):
            keys.key("1a" * 4)
    assert times_run() == 3
    now[0] += timedelta(seconds=61)
    (tmp_path / "kms").write_text(NEWER + LINE)
    assert keys.ring_with("1a" * 4).newest == "1a" * 4
    assert times_run() == 4


def test_a_command_that_never_gave_keys_is_run_once_a_minute_too(tmp_path: Path) -> None:
    command, times_run = counting_command(tmp_path)
    now = [START]
    keys = KeyEncryptionKeys(tmp_path, command, lambda: now[0])
    for _ in range(5):
        with pytest.raises(NotConfiguredError, match="ended with 1"):
            keys.key("0a" * 4)
    assert times_run() == 1
    now[0] += timedelta(seconds=61)
    (tmp_path / "kms").write_text(LINE)
    keys.key("0a" * 4)
    assert times_run() == 2


def test_a_value_moved_to_another_row_is_an_error_and_nobody_gets_it(phone: Phone, partner: PartnerClient, exchange: Context) -> None:
    from stillmine.exchange.protection.values import values_of
    from stillmine.exchange.rows.cases import Fingerprint

    phone.open(1, 2)
    one, two = Fingerprint.objects.order_by("position")
    Fingerprint.objects.filter(id=one.id).update(sealed_value=two.sealed_value)
    try:
        with pytest.raises(SealedValueError, match=f"table cases_fingerprint, row {one.id}"):
            values_of(exchange, list(Fingerprint.objects.all()))
        assert values_of(exchange, [two]) == {two.id: value(2)}
        shown = phone.web.get("/api/v1/case", headers=phone.headers)
        assert code(shown) == (500, "internal_error")
        assert one.id not in shown.text
    finally:
        Fingerprint.objects.filter(id=one.id).update(sealed_value=one.sealed_value)


def test_a_data_key_goes_with_its_fingerprint_and_stays_until_then(phone: Phone, other_phone: Phone, exchange: Context) -> None:
    from stillmine.exchange.rows.cases import Fingerprint
    from stillmine.exchange.rows.keys import FingerprintDataKey

    first, second = phone.open(1, 2).fingerprints
    other_phone.open(1)
    assert FingerprintDataKey.objects.count() == 3
    phone.withdraw(first.id)
    gone = Fingerprint.objects.get(id=first.id)
    assert (gone.sealed_value, gone.blind_index, gone.quality) == (None, None, None)
    assert set(FingerprintDataKey.objects.filter(fingerprint__case=gone.case_id).values_list("pk", flat=True)) == {second.id}
    phone.withdraw(second.id)
    assert FingerprintDataKey.objects.count() == 1
    assert [row.value for row in other_phone.show().fingerprints] == [value(1)]


def test_a_case_that_expires_loses_its_data_keys_after_72_hours(phone: Phone, exchange: Context) -> None:
    from stillmine.exchange.rows.keys import FingerprintDataKey
    from stillmine.exchange.running.upkeep import run_upkeep

    phone.open(1, term_months=1)
    exchange.clock.forward(days=40)  # type: ignore[attr-defined]
    assert run_upkeep(exchange)["cases expired"] == 1
    exchange.clock.forward(hours=72)  # type: ignore[attr-defined]
    assert FingerprintDataKey.objects.count() == 1
    run_upkeep(exchange)
    assert not FingerprintDataKey.objects.exists()


def test_a_kept_value_outlives_the_case_under_a_key_of_its_own(phone: Phone, partner: PartnerClient, exchange: Context) -> None:
    from stillmine.exchange.rows.keys import FingerprintDataKey, TombstoneDataKey
    from stillmine.exchange.running.upkeep import run_upkeep

    phone.open(1)
    partner.fetch_hashes()
    phone.withdraw()
    assert (FingerprintDataKey.objects.count(), TombstoneDataKey.objects.count()) == (0, 1)
    assert [row["hashValue"] for row in partner.fetch_hashes()["hashRecords"]] == [value(1)]
    exchange.clock.forward(days=31)  # type: ignore[attr-defined]
    run_upkeep(exchange)
    assert TombstoneDataKey.objects.count() == 0


def test_a_person_can_withdraw_what_does_not_open_any_more(phone: Phone, partner: PartnerClient, exchange: Context) -> None:
    from stillmine.exchange.rows.keys import FingerprintDataKey

    phone.open(1)
    partner.fetch_hashes()
    FingerprintDataKey.objects.all().delete()
    assert phone.withdraw().state == "withdrawn"


def with_lines(exchange: Context, change: Callable[[str], str]) -> str:
    """Change the file of key-encryption keys; returns what it held."""
    path = Path(exchange.keys.source)
    before = path.read_text()
    path.write_text(change(before))
    return before


def test_rotation_while_serving_then_the_old_line_can_go(
    phone: Phone, other_phone: Phone, partner: PartnerClient, exchange: Context
) -> None:
    from stillmine.exchange.erasure.rotation import rotate
    from stillmine.exchange.protection.data_keys import keys_in_use, require_keys

    phone.open(1, 2)
    partner.fetch_hashes()
    phone.withdraw(phone.show().fingerprints[1].id)
    [(old, count)] = keys_in_use(exchange).items()
    assert count == 2
    before = with_lines(exchange, lambda text: NEWER + text)
    try:
        other_phone.open(3)
        assert keys_in_use(exchange) == {old: 3}, "until the day turns, or an operator says so"
        done = rotate(exchange)
        assert (done.rewrapped, done.in_use) == (3, {"1a" * 4: 3})
        assert rotate(exchange).rewrapped == 0
        assert [details for event, details in log("details") if event == "keys_rotated"] == [{"newest": "1a" * 4, "rewrapped": "3"}]
        with_lines(exchange, lambda _: NEWER)
        require_keys(exchange)
        assert [row.value for row in phone.show().fingerprints] == [value(1), None]
        shown = {row["hashValue"]: row["hashStatus"] for row in partner.fetch_hashes()["hashRecords"]}
        assert shown == {value(1): "Active", value(2): "Withdrawn", value(3): "Active"}
        with_lines(exchange, lambda _: before + NEWER)
        rotate(exchange)
    finally:
        with_lines(exchange, lambda _: before)


def test_a_missing_line_is_named_and_loses_nothing(phone: Phone, exchange: Context) -> None:
    from stillmine.exchange.erasure.rotation import rotate
    from stillmine.exchange.fsck.findings import findings
    from stillmine.exchange.protection.data_keys import keys_in_use, require_keys

    phone.open(1)
    [old] = keys_in_use(exchange)
    before = with_lines(exchange, lambda _: NEWER)
    try:
        for attempt in (require_keys, rotate):
            with pytest.raises(NotConfiguredError, match=old):
                attempt(exchange)
        refused = phone.web.get("/api/v1/case", headers=phone.headers)
        assert code(refused) == (503, "keys_missing")
        assert refused.headers["Retry-After"] == "300"
        assert refused.json()["detail"] == ""
        assert old not in refused.text
        assert str(Path(exchange.keys.source).parent) not in refused.text
        assert findings() == [f"data keys are wrapped under keys that are not at hand: {old}"]
    finally:
        with_lines(exchange, lambda _: before)
    assert [row.value for row in phone.show().fingerprints] == [value(1)]


def test_opening_a_case_says_nothing_of_the_value_to_the_database(phone: Phone, exchange: Context) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        assert phone.post("case", opening(1)).status_code == 201
        phone.add(2)
        phone.show()
        phone.withdraw()
    said = " ".join(query["sql"] for query in captured)
    assert value(1) not in said
    assert value(2) not in said


def test_the_number_of_queries_does_not_grow_with_the_values(phone: Phone, other_phone: Phone, exchange: Context) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from stillmine.exchange.protection.values import values_of
    from stillmine.exchange.rows.cases import Fingerprint

    phone.open(*range(1, 9))
    other_phone.open(*range(1, 9))
    rows = list(Fingerprint.objects.all())
    with CaptureQueriesContext(connection) as captured:
        assert len(values_of(exchange, rows)) == 16
    assert len(captured) == 1


def test_what_does_not_open_stops_a_snapshot_and_is_left_out_of_the_index(
    phone: Phone, partner: PartnerClient, exchange: Context, caplog: pytest.LogCaptureFixture
) -> None:
    """A value read together with its data key is judged as strictly as one that is read by itself."""
    from stillmine.exchange.ask.following import Follower
    from stillmine.exchange.protection.given import head_sequence
    from stillmine.exchange.protection.sequence import next_batch
    from stillmine.exchange.protection.values import try_values_of, try_values_with_keys
    from stillmine.exchange.rows.cases import Fingerprint
    from stillmine.exchange.rows.keys import FingerprintDataKey

    phone.open(1, 2, 3)
    partner.fetch()
    moved, keyless, whole = Fingerprint.objects.order_by("position")
    key = FingerprintDataKey.objects.get(fingerprint=keyless)
    key.delete()
    Fingerprint.objects.filter(id=moved.id).update(sealed_value=whole.sealed_value)
    try:
        changed = next_batch(0, head_sequence()).changed
        opened, failed = try_values_with_keys(exchange, changed)
        assert opened == {whole.id: value(3)}
        assert sorted(map(str, failed)) == sorted(map(str, try_values_of(exchange, list(Fingerprint.objects.all()))[1]))
        assert {error.cell.row for error in failed} == {moved.id, keyless.id}
        with pytest.raises(SealedValueError):
            partner.web.get("/api/v1/feed/snapshot", headers=partner.headers).read()
        own = Follower(exchange)
        own.follow()
        assert len(own.index) == 1
        assert "2 value(s) do not open" in caplog.text
    finally:
        Fingerprint.objects.filter(id=moved.id).update(sealed_value=moved.sealed_value)
        FingerprintDataKey(fingerprint_id=keyless.id, wrapped_by_id=key.wrapped_by_id, wrapped_key=key.wrapped_key).save(force_insert=True)


@pytest.mark.parametrize("at_most", [None, 150])
def test_values_of_other_kinds_are_not_even_read(
    phone: Phone, partner: PartnerClient, exchange: Context, monkeypatch: pytest.MonkeyPatch, at_most: int | None
) -> None:
    from stillmine.exchange.protection import sequence
    from stillmine.exchange.protection.given import head_sequence
    from stillmine.exchange.protection.values import values_with_keys
    from stillmine.wire.kinds import Kind

    phone.open(1, fingerprints=[{"kind": "pdq", "value": value(1), "quality": 77}, {"kind": "sha256", "value": "ab" * 32, "quality": 100}])
    partner.fetch()
    if at_most:  # both are large then
        monkeypatch.setattr(sequence, "BATCH_VALUE_BYTES", at_most)
    reached, changed = sequence.next_batch(0, head_sequence(), kinds=[Kind.SHA256])
    assert reached == head_sequence()
    assert [row.kind for row in changed] == ["sha256"]
    assert list(values_with_keys(exchange, changed).values()) == ["ab" * 32]
