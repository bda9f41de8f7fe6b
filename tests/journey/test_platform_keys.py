# SPDX-License-Identifier: Apache-2.0
"""What an operator may do to a partner while its service runs: rotate, limit and revoke its key, give it the list and take that back."""

import json

import pytest

from stillmine.demo.person import Person
from stillmine.wire.screen import Decision, ScreenOutcome
from tests.journey.marks import files_with_values
from tests.journey.parties import PLATFORM, Exchange, Service, wait_until
from tests.journey.protected import Protected

pytestmark = pytest.mark.long


def test_a_rotated_key_changes_no_match(exchange: Exchange, asking: Service, person: Person, file: Protected) -> None:
    match_id = stopped(asking, file)
    new = json.loads(exchange.run("partner", "key", "rotate", PLATFORM, "--grace", "1h", "--json"))["key"]
    assert stopped(asking, file) == match_id, "the old key works until its grace is over"
    restart_with(asking, new)
    assert stopped(asking, file) == match_id
    asking.review(match_id, Decision.REMOVED)
    wait_until(lambda: is_seen_removed(person))


def test_a_revoked_key_screens_nothing_and_keeps_what_waits_for_the_next_one(
    exchange: Exchange, asking: Service, person: Person, file: Protected
) -> None:
    match_id = stopped(asking, file)
    wait_until(lambda: asking.health().waiting_feedback == 0)
    exchange.run("partner", "key", "revoke", key_id(asking))
    refuses(asking, file, "partner_key_revoked")
    asking.review(match_id, Decision.REMOVED)
    assert asking.health().waiting_feedback == 1
    wait_until(lambda: asking.health().problem == "partner_key_revoked")
    restart_with(asking, exchange.add_key(PLATFORM))
    assert stopped(asking, file) == match_id
    wait_until(lambda: is_seen_removed(person))


def test_a_key_that_may_only_report_asks_nothing(exchange: Exchange, asking: Service, person: Person, file: Protected) -> None:
    match_id = stopped(asking, file)
    asking.stop()
    asking.give_key(exchange.add_key(PLATFORM, "--scope", "feedback"))
    asking.begin()
    asking.wait_until_answering()
    refuses(asking, file, "scope_missing")
    asking.review(match_id, Decision.REMOVED)
    wait_until(lambda: is_seen_removed(person))


def test_a_key_that_may_only_ask_keeps_its_reports(exchange: Exchange, asking: Service, person: Person, file: Protected) -> None:
    whole = asking.key
    restart_with(asking, exchange.add_key(PLATFORM, "--scope", "ask"))
    match_id = stopped(asking, file)
    asking.review(match_id, Decision.REMOVED)
    wait_until(lambda: asking.health().problem == "scope_missing")
    assert asking.health().waiting_feedback == 2
    assert stopped(asking, file) == match_id
    restart_with(asking, whole)
    wait_until(lambda: is_seen_removed(person))
    assert asking.health().waiting_feedback == 0


def test_who_is_given_the_list_and_set_back_to_asking_keeps_no_list(
    exchange: Exchange, asking: Service, person: Person, file: Protected
) -> None:
    match_id = stopped(asking, file)
    exchange.run("partner", "set", PLATFORM, "--way", "list")
    wait_until(lambda: is_stopped_again(asking, file, match_id) and asking.health().way == "list")
    assert stopped(asking, file) == match_id
    assert files_with_values([file.fingerprint.value], asking.home) != [], "this is what the list is"
    exchange.run("partner", "set", PLATFORM, "--way", "ask")
    wait_until(lambda: is_stopped_again(asking, file, match_id) and asking.health().way == "ask")
    assert files_with_values([file.fingerprint.value], asking.home, asking.log) == []
    assert stopped(asking, file) == match_id
    person.withdraw_case()
    assert asking.screen(file.copy).outcome is ScreenOutcome.NO_MATCH
    wait_until(lambda: is_confirmed(person))


def is_confirmed(person: Person) -> bool:
    """What it was given and has erased is not waited for."""
    statuses = [status for row in person.show_case().fingerprints for status in row.partners if status.given_on]
    return bool(statuses) and all(status.withdrawal_confirmed_at for status in statuses)


def stopped(service: Service, file: Protected) -> str:
    """Upload the copy, which must be stopped; returns its match id."""
    result = service.screen(file.copy)
    assert result.outcome is ScreenOutcome.MATCH, result.reason
    [match] = result.matches
    return match.match_id


def is_stopped_again(service: Service, file: Protected, match_id: str) -> bool:
    """Upload the copy while the way changes: it is never let through, and what it matches is the same."""
    result = service.screen(file.copy)
    assert result.outcome is not ScreenOutcome.NO_MATCH
    assert [match.match_id for match in result.matches] in ([], [match_id])
    return result.outcome is ScreenOutcome.MATCH


def refuses(service: Service, file: Protected, code: str) -> None:
    """Upload the copy, which can't be looked up."""
    result = service.screen(file.copy)
    assert (result.outcome, result.reason, result.left_out) == (ScreenOutcome.NOT_SCREENED, code, [code])
    assert (result.retry_after_seconds or 0) >= 1


def restart_with(service: Service, key: str) -> None:
    service.stop()
    service.give_key(key)
    service.start()


def key_id(service: Service) -> str:
    """What an operator calls the service's key."""
    return service.key.split("_")[1]


def is_seen_removed(person: Person) -> bool:
    return any(status.removed_on for status in person.show_case().fingerprints[0].partners)
