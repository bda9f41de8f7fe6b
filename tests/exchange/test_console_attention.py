# SPDX-License-Identifier: Apache-2.0
"""What the console's first page calls an operator for, and that its settings page leaves nothing out."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from stillmine.exchange.settings.ask import AskSettings
from stillmine.exchange.settings.feed import FeedSettings
from stillmine.exchange.transaction.context import Context
from stillmine.serving.doors import Doors, Room
from tests.exchange.console_parts import Desk
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone


def test_every_setting_that_has_a_variable_is_shown(manager: Desk) -> None:
    from stillmine.exchange.settings.file import KEYS

    page = manager.get("/console/settings").text
    assert [key.variable for key in KEYS.values() if key.variable and f"<code>{key.variable}</code>" not in page] == []


def test_what_is_shown_is_what_is_in_force(exchange: Context) -> None:
    from stillmine.exchange.console.in_force import settings_in_force

    changed = replace(
        exchange,
        feed=FeedSettings(tick_seconds=77),
        ask=AskSettings(differing_matches_a_day=78, unconfirmed_places_a_day=80),
        publish_every=timedelta(seconds=79),
        doors=Doors(81, 82, silent_seconds=83, body_seconds=84, bytes_per_second=85),
        room=Room(requests_per_network=86),
    )
    shown = " ".join(setting.value for setting in settings_in_force(changed))
    assert [number for number in range(77, 87) if str(number) not in shown] == []


def nothing_is_late(desk: Desk) -> bool:
    page = desk.get("/console/").text
    return "Needs attention" in page and "was not published" not in page and "has not reached" not in page


def test_the_first_page_says_when_log_or_lists_are_late(manager: Desk, exchange: Context, phone: Phone, clock: Clock) -> None:
    from stillmine.exchange.running.upkeep import run_upkeep

    run_upkeep(exchange)
    phone.open(1)
    assert nothing_is_late(manager)
    clock.forward(minutes=8)
    assert "has not reached the partners with the list" in manager.get("/console/").text
    clock.until(datetime(2026, 11, 22, 18, 6, tzinfo=UTC))
    manager.sign_in()
    assert "was not published on time" in manager.get("/console/").text
    run_upkeep(exchange)
    assert nothing_is_late(manager)


def test_a_partner_is_named_for_each_thing_that_is_wrong(
    manager: Desk, exchange: Context, partner: PartnerClient, phone: Phone, clock: Clock
) -> None:
    from stillmine.exchange.rows.asks import ProbingAlarm, Unconfirmed
    from stillmine.exchange.rows.partners import Partner

    phone.open(1)
    partner.sync()
    partner.acknowledge()
    phone.withdraw()
    clock.forward(minutes=8)
    ProbingAlarm.objects.create(partner=Partner.objects.get(), day=clock().date(), fingerprints=2)
    Unconfirmed.objects.create(partner=Partner.objects.get(), day=clock().date(), pictures=100)
    page = manager.get("/console/").text
    assert "has not confirmed changes since" in page
    assert "many different pictures near 2 fingerprints in a day" in page
    assert "told in a day where 100 protected pictures may lie in its uploads" in page
    of_partner = manager.get(f"/console/partners/{Partner.objects.get().id}").text
    assert "Places that came to nothing" in of_partner
    assert "Pictures it was told places of today and did not find</dt><dd>100</dd>" in of_partner


def test_the_first_page_says_when_the_keys_of_the_day_are_gone(manager: Desk, exchange: Context) -> None:
    file, away = exchange.home / "day.keys", exchange.home / "away"
    file.rename(away)
    try:
        assert "A key that is in use is missing" in manager.get("/console/").text
    finally:
        away.rename(file)
    assert "is not at hand" not in manager.get("/console/").text


def test_health_says_what_is_wrong_first_and_what_to_do(manager: Desk, exchange: Context) -> None:
    page = manager.get("/console/health").text
    levels = re.findall(r'<dd><span class="[a-z ]+">(\w+):</span>', page)
    assert levels == sorted(levels, key=["wrong", "warning", "ok"].index)
    assert set(levels) == {"wrong", "warning", "ok"}
    assert "Wrong: 1. The people who run the machine have to act now." in page
    assert "asks are answered <code>index_loading</code>. Start <code>serve</code>; if it runs" in page
    assert '<dt>Under attack</dt><dd><span class="hint">ok:</span> off</dd>' in page
    assert str(exchange.home) not in page
    assert "22 Nov 2026, 14:05" in page


def test_health_with_nothing_wrong(manager: Desk, indexed: None) -> None:
    page = manager.get("/console/health").text
    assert re.search(r"Nothing is wrong. Warnings: [1-3]\.", page)


def test_the_first_page_says_when_the_index_does_not_answer(manager: Desk) -> None:
    page = manager.get("/console/").text
    assert "The index does not answer or is behind" in page
    assert '<a href="/console/health">Health</a> says what to do about what is wrong: index' in page


def test_the_first_page_says_when_the_last_backup_is_old(manager: Desk, indexed: None, phone: Phone, clock: Clock) -> None:
    from stillmine.exchange.rows.cases import Case

    assert '<p class="calm">Nothing.</p>' in manager.get("/console/").text
    phone.open(1)
    Case.objects.update(opened_at=clock() - timedelta(days=8))
    assert "about what is wrong: backup" in manager.get("/console/").text
