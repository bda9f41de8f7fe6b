# SPDX-License-Identifier: Apache-2.0
"""Decide who is told what, and when: a function of what was found, of what is known and of the time. Sends nothing."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from stillmine.exchange.alerts.rules import MINUTE, RULES, firing
from stillmine.exchange.health.alert_state import FAILING_SECONDS, Alert, AlertState, Letter
from stillmine.exchange.health.findings import Finding, span
from stillmine.exchange.settings.alerts import AlertSettings

WEBHOOK = "webhook"
ALERT, OVER, DIGEST, TEST = "alert", "over", "digest", "test"

CALM_SECONDS = 180
"""What is well again for less may come back: nothing is said of that yet."""

NEXT_WHEN_NOT_URGENT = timedelta(days=1)
FROM = "Stillmine"

HOW = (
    "`stillmine exchange doctor` on the machine, and the console’s page Health, say what to do. Whoever takes care of it says so with "
    "`stillmine exchange alerts ack`, and nobody else is woken."
)

NewId = Callable[[], str]


def look_through(state: AlertState, settings: AlertSettings, findings: Iterable[Finding], now: float, new_id: NewId) -> None:
    """Change what is known, and add letters to be sent; `now` is in Unix seconds."""
    rules, looked_at = firing(findings)
    state.looked_at = now
    for part, (rule, finding) in rules.items():
        alert = state.alerts.setdefault(part, Alert(part, now, rule.is_urgent))
        known = alert.since if finding.since is None else finding.since.timestamp()
        alert.since, alert.calm_since = min(known, now), None
        if rule.is_urgent and not alert.is_urgent:  # it has become worse: whoever was told is told again
            alert.told, alert.acknowledged_at = {}, None
        alert.is_urgent = rule.is_urgent
    is_quiet = _is_quiet(settings, now)
    to_tell: dict[str, list[str]] = {}
    for part, (rule, _) in rules.items():
        alert = state.alerts[part]
        if now - alert.since >= rule.after and alert.acknowledged_at is None:
            for target in _due(alert, settings, now, is_quiet=is_quiet):
                alert.told[target] = now
                to_tell.setdefault(target, []).append(f"{rule.words}, {lasting(alert, now)}.")
    for target, lines in to_tell.items():
        parts = [part for part, alert in state.alerts.items() if alert.told.get(target) == now]
        subject = lines[0].partition(",")[0] if len(lines) == 1 else f"{len(lines)} things need somebody"
        text = "\n".join([*lines, "", HOW])
        state.letters.append(Letter(new_id(), target, ALERT, f"{FROM}: {subject}", text, parts, now))
    _end(state, looked_at - rules.keys(), now, new_id, is_quiet=is_quiet)
    _digest(state, settings, now, new_id)


def letters_of_a_test(settings: AlertSettings, now: float, new_id: NewId) -> list[Letter]:
    """Return one for each target."""
    text = "This is a test. Whoever reads it would be told if something were wrong with the exchange."
    return [Letter(new_id(), target, TEST, f"{FROM}: a test", text, [], now) for target in targets(settings)]


def targets(settings: AlertSettings) -> list[str]:
    """Return everybody, in the order in which they are told."""
    return [*([WEBHOOK] if settings.webhook else []), *settings.people]


def _due(alert: Alert, settings: AlertSettings, now: float, *, is_quiet: bool) -> list[str]:
    """Return who is to be told of an alert now: a webhook at once, and the first person who was not told, one after the other."""
    due = [WEBHOOK] if settings.webhook and WEBHOOK not in alert.told else []
    if is_quiet and not alert.is_urgent:
        return due
    untold = [person for person in settings.people if person not in alert.told]
    last = max((at for target, at in alert.told.items() if target != WEBHOOK), default=None)
    patience = settings.next_person_after if alert.is_urgent else NEXT_WHEN_NOT_URGENT
    if untold and (last is None or now - last >= patience.total_seconds() or last > now):
        due.append(untold[0])
    return due


def _end(state: AlertState, well: set[str], now: float, new_id: NewId, *, is_quiet: bool) -> None:
    """Say once of what is well again that it is over, to those who were told."""
    over: dict[str, list[str]] = {}
    for part in sorted(well & state.alerts.keys()):
        alert = state.alerts[part]
        alert.calm_since = now if alert.calm_since is None else min(alert.calm_since, now)
        if now - alert.calm_since < CALM_SECONDS or (is_quiet and not alert.is_urgent):
            continue
        for target in alert.told:
            over.setdefault(target, []).append(part)
        del state.alerts[part]
    for target, parts in over.items():
        text = "\n".join(f"Over: {words_of(part)}." for part in parts)
        state.letters.append(Letter(new_id(), target, OVER, f"{FROM}: over", text, parts, now))


def _digest(state: AlertState, settings: AlertSettings, now: float, new_id: NewId) -> None:
    """Say once a day how it is, also that all is well: then silence means that nobody looks."""
    local = datetime.fromtimestamp(now, UTC).astimezone(settings.zone)
    if local.time() < settings.digest_at or state.digest_day == local.date().isoformat():
        return
    state.digest_day = local.date().isoformat()
    told = list(state.alerts.values())  # also what nobody was told of yet: it must never be called well
    lines = [f"- {words_of(alert.part)}, {lasting(alert, now)}." for alert in told]
    if any(now - one.since >= FAILING_SECONDS for one in state.failing.values()):
        lines.append("- Somebody who should be told can’t be reached: `stillmine exchange alerts test` says who.")
    text = "\n".join([*lines, "", HOW]) if lines else "All is well."
    subject = f"{FROM}: {'still not well' if lines else 'all is well'}"
    for target in targets(settings):
        state.letters.append(Letter(new_id(), target, DIGEST, subject, text, [alert.part for alert in told], now))


def words_of(part: str) -> str:
    """Return what is told of a part."""
    return next(rule.words for (named, _), rule in RULES.items() if named == part)


def lasting(alert: Alert, now: float) -> str:
    """Say for how long it has been so."""
    seconds = max(0.0, now - alert.since)
    return f"for {span(timedelta(seconds=seconds))}" if seconds >= MINUTE else "found just now"


def _is_quiet(settings: AlertSettings, now: float) -> bool:
    if settings.quiet is None:
        return False
    first, last = settings.quiet
    at = datetime.fromtimestamp(now, UTC).astimezone(settings.zone).time()
    return first <= at < last if first < last else at >= first or at < last
