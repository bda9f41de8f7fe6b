# SPDX-License-Identifier: Apache-2.0
"""Well-known lawful pictures are kept out of matching, and nobody is kept from opening a case because of one."""

from pathlib import Path

import pytest

from stillmine.exchange.transaction.context import Context
from stillmine.wire.case import CaseView, FingerprintState, SuspensionReason
from tests.exchange.exchange_parts import ADULT, PartnerClient, Phone, fingerprint, value

BANK = SuspensionReason.NEGATIVE_BANK
DIGEST = {"kind": "sha256", "value": "12" * 32, "quality": 100}


def hashes(folder: Path, *lines: str) -> Path:
    path = folder / "hashes.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


def add(exchange: Context, path: Path, name: str = "Well known") -> None:
    from stillmine.exchange.quarantine.actions import add_bank
    from stillmine.exchange.quarantine.bank_files import read_bank

    add_bank(exchange, name, read_bank(path))


def with_bits_changed(text: str, bits: int) -> str:
    return f"{int(text, 16) ^ ((1 << bits) - 1):064x}"


def open_with(phone: Phone, *fingerprints: dict[str, object]) -> CaseView:
    return phone._view(phone.post("case", {"version": 1, "statement": ADULT, "fingerprints": list(fingerprints)}))


def states(case: CaseView) -> list[tuple[str, SuspensionReason | None]]:
    return [(row.state.value, row.suspended_for) for row in case.fingerprints]


def test_a_near_one_is_stored_suspended_and_the_others_go_on(
    exchange: Context, phone: Phone, partner: PartnerClient, tmp_path: Path
) -> None:
    add(exchange, hashes(tmp_path, "# a list", "", with_bits_changed(value(1), 31), value(70)))
    case = phone.open(1, 2)
    assert states(case) == [("suspended", BANK), ("active", None)]
    assert phone.open(1, 2) == case
    partner.sync()
    assert partner.active_values() == [value(2)]
    assert [entry.value for entry in partner.entries.values() if entry.state is FingerprintState.SUSPENDED] == [], "it never was in a feed"
    assert [record["hashValue"] for record in partner.fetch_hashes()["hashRecords"]] == [value(2)]


def test_thirty_two_bits_away_is_another_picture(exchange: Context, phone: Phone, tmp_path: Path) -> None:
    add(exchange, hashes(tmp_path, with_bits_changed(value(1), 32)))
    assert states(phone.open(1)) == [("active", None)]


def test_all_fingerprints_of_the_file_are_held_whenever_they_come(exchange: Context, phone: Phone, tmp_path: Path) -> None:
    case = open_with(phone, {**DIGEST, "file_number": 1}, {**fingerprint(2), "file_number": 2})
    assert states(case) == [("active", None), ("active", None)]
    add(exchange, hashes(tmp_path, value(1)))
    again = {"version": 1, "fingerprints": [fingerprint(1), DIGEST]}
    assert states(phone._view(phone.post("case/fingerprints", again))) == [("suspended", BANK), ("active", None), ("suspended", BANK)]
    more = {"version": 1, "fingerprints": [fingerprint(1), {"kind": "md5", "value": "12" * 16, "quality": 100}]}
    assert states(phone._view(phone.post("case/fingerprints", more)))[3] == ("suspended", BANK)


def test_a_person_can_withdraw_what_is_held(exchange: Context, phone: Phone, tmp_path: Path) -> None:
    add(exchange, hashes(tmp_path, value(1)))
    phone.open(1)
    assert states(phone.withdraw()) == [("withdrawn", None)]


def test_the_bank_counts_as_soon_as_it_changes(exchange: Context, phone: Phone, tmp_path: Path) -> None:
    from stillmine.exchange.quarantine.actions import remove_bank

    assert states(phone.open(1)) == [("active", None)]
    add(exchange, hashes(tmp_path, value(2)))
    assert states(phone.add(2))[1] == ("suspended", BANK)
    add(exchange, hashes(tmp_path, value(3)), "Second")
    assert states(phone.add(3))[2] == ("suspended", BANK)
    remove_bank(exchange, " WELL known ")
    phone.withdraw(phone.show().fingerprints[1].id)
    assert states(phone.add(2))[3] == ("active", None)


def test_what_an_operator_restored_stays_restored_when_it_is_sent_again(
    exchange: Context, phone: Phone, partner: PartnerClient, tmp_path: Path
) -> None:
    from stillmine.exchange.quarantine.actions import restore_suspended

    add(exchange, hashes(tmp_path, value(1)))
    case = open_with(phone, fingerprint(1), DIGEST)
    assert len(restore_suspended(exchange, case.fingerprints[1].id)) == 2
    assert states(phone.add(1)) == [("active", None), ("active", None)]
    partner.sync()
    assert value(1) in partner.active_values()


def test_a_folder_of_pictures_holds_every_orientation(exchange: Context, phone: Phone, root: Path, tmp_path: Path) -> None:
    from stillmine.fingerprint import fingerprint_image

    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / ".hidden").write_text("not looked at")
    photograph = (root / "media/clothing/jacket.jpg").read_bytes()
    (folder / "jacket.jpg").write_bytes(photograph)
    add(exchange, folder)
    turns = fingerprint_image(photograph).variants
    sent = [{"kind": "pdq", "value": pdq.hex(), "quality": 90} for pdq in dict.fromkeys(turns)]
    assert {state for state, _ in states(open_with(phone, *sent))} == {"suspended"}


def test_a_list_of_hashes_finds_turned_pictures_as_well_as_bits_allow(exchange: Context, root: Path, tmp_path: Path) -> None:
    from stillmine.exchange.gate.bank import find_in_bank
    from stillmine.fingerprint import fingerprint_image
    from stillmine.wire.kinds import Kind

    made = [fingerprint_image(path.read_bytes()) for path in sorted((root / "media/clothing").glob("*.jpg"))]
    good = [one for one in made if one.quality >= 50]
    add(exchange, hashes(tmp_path, *(one.text for one in good)))
    turned = [pdq for one in good for pdq in one.variants]
    assert sum(found is not None for found in find_in_bank(exchange, [(Kind.PDQ, pdq.hex()) for pdq in turned])) / len(turned) > 0.8


def sweep(exchange: Context) -> tuple[int, int]:
    from stillmine.exchange.quarantine.sweep import sweep as held_against

    return held_against(exchange)


def test_a_sweep_suspends_what_was_accepted_before_with_its_file(
    exchange: Context, phone: Phone, partner: PartnerClient, tmp_path: Path
) -> None:
    case = open_with(
        phone, {**fingerprint(1), "file_number": 1}, {**DIGEST, "file_number": 1}, {**fingerprint(2), "file_number": 2},
        {"kind": "md5", "value": "12" * 16, "quality": 100, "file_number": 2},
    )  # fmt: skip
    assert [state for state, _ in states(case)] == ["active"] * 4
    partner.sync()
    add(exchange, hashes(tmp_path, with_bits_changed(value(1), 31)))
    assert sweep(exchange) == (2, 0)
    assert states(phone.show()) == [("suspended", BANK), ("suspended", BANK), ("active", None), ("active", None)]
    partner.sync()
    assert partner.active_values() == sorted([value(2), "12" * 16])
    assert sweep(exchange) == (0, 0)


def test_a_sweep_leaves_what_an_operator_restored_and_what_is_withdrawn(exchange: Context, phone: Phone, tmp_path: Path) -> None:
    from stillmine.exchange.quarantine.actions import restore_suspended

    phone.open(1, 2)
    phone.withdraw(phone.show().fingerprints[1].id)
    add(exchange, hashes(tmp_path, value(1), value(2)))
    assert sweep(exchange) == (1, 0)
    restore_suspended(exchange, phone.show().fingerprints[0].id)
    assert sweep(exchange) == (0, 0)
    assert states(phone.show()) == [("active", None), ("withdrawn", None)]


def test_a_sweep_goes_over_all_steps_and_past_what_does_not_open(
    exchange: Context, phone: Phone, other_phone: Phone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stillmine.exchange.protection import sequence
    from stillmine.exchange.quarantine.sweep import sweep as held_against
    from stillmine.exchange.rows.cases import Fingerprint

    monkeypatch.setattr(sequence, "BATCH_CHANGES", 1)
    phone.open(1, 2)
    other_phone.open(3, 1)
    first = Fingerprint.objects.get(id=phone.show().fingerprints[0].id)
    Fingerprint.objects.filter(id=first.id).update(sealed_value=b"not what was sealed")
    add(exchange, hashes(tmp_path, value(1)))
    steps: list[tuple[int, int]] = []
    assert held_against(exchange, lambda done, of: steps.append((done, of))) == (1, 1)
    # The suspension itself is the fifth change; where it comes before the fourth is reached, both are done with one step.
    assert [done for done, _ in steps] in ([1, 2, 3, 4, 5], [1, 2, 3, 5])
    assert (steps[0], steps[-1]) == ((1, 4), (5, 5))
    assert states(other_phone.show()) == [("active", None), ("suspended", BANK)]
    first.save()
    assert held_against(exchange) == (1, 0)


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        ([value(1), "no hash"], "line 2"),
        ([value(1), "", "# said", value(2) + "0"], "line 4"),
        ([value(1).upper()], "line 1"),
        ([value(1), "0" * 64], "line 2"),
        ([value(1), value(2)[:-1] + "\u00e9"], "line 2"),
        ([value(1), value(2)[:-1] + "\0"], "line 2"),
        ([value(1), "0" * 10_000], "line 2"),
        (["# nothing"], "no fingerprint"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_loaded(exchange: Context, tmp_path: Path, lines: list[str], where: str) -> None:
    from stillmine.exchange.quarantine.errors import BankUnreadableError
    from stillmine.exchange.rows.intake import Bank

    with pytest.raises(BankUnreadableError, match=where):
        add(exchange, hashes(tmp_path, *lines))
    assert not Bank.objects.exists()


def test_a_million_lines_are_held_and_one_wrong_line_among_them_is_named(exchange: Context, phone: Phone, tmp_path: Path) -> None:
    import numpy as np

    from stillmine.exchange.quarantine.errors import BankUnreadableError
    from stillmine.exchange.rows.intake import Bank

    packed = np.random.default_rng(20261125).bytes(32 * 1_000_000).hex()
    lines = [packed[start : start + 64] for start in range(0, len(packed), 64)]
    lines[777_776] = value(1)
    path = tmp_path / "million.txt"
    path.write_text("\n".join([*lines, "wrong"]))
    with pytest.raises(BankUnreadableError, match="line 1000001"):
        add(exchange, path)
    assert not Bank.objects.exists()
    path.write_text("\n".join(lines))
    add(exchange, path)
    assert Bank.objects.get().pictures == 1_000_000
    assert states(phone.open(1, 2)) == [("suspended", BANK), ("active", None)]


@pytest.mark.parametrize("content", [b"\xff\xd8\xff\xe0 cut", b"GIF89a", b""])
def test_a_picture_that_cannot_be_read_is_named_and_nothing_is_loaded(
    exchange: Context, root: Path, tmp_path: Path, content: bytes
) -> None:
    from stillmine.exchange.quarantine.errors import BankUnreadableError
    from stillmine.exchange.rows.intake import Bank

    (tmp_path / "a.jpg").write_bytes((root / "media/clothing/jacket.jpg").read_bytes())
    (tmp_path / "b.jpg").write_bytes(content)
    with pytest.raises(BankUnreadableError, match=r"b\.jpg"):
        add(exchange, tmp_path)
    assert not Bank.objects.exists()


def test_a_name_is_taken_once(exchange: Context, tmp_path: Path) -> None:
    from stillmine.exchange.rows.intake import Bank
    from stillmine.wire.errors import NotConfiguredError

    add(exchange, hashes(tmp_path, value(1)))
    for name in ("WELL KNOWN", "", "x" * 61, "two\nlines"):
        with pytest.raises(NotConfiguredError, match="--name"):
            add(exchange, hashes(tmp_path, value(2)), name)
    assert Bank.objects.count() == 1
