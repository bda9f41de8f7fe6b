# SPDX-License-Identifier: Apache-2.0
"""What the console shows beside partners: totals, operators, the log. No query here reads a value, a case id or a hash."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from stillmine.exchange.console.partner_rows import PartnerRow, partner_rows
from stillmine.exchange.health.findings import Level
from stillmine.exchange.health.report import levels
from stillmine.exchange.quarantine.queries import flagged, suspended
from stillmine.exchange.rows.cases import Case, Fingerprint
from stillmine.exchange.rows.console import LogLine, Operator
from stillmine.exchange.transaction.context import Context
from stillmine.wire.case import CaseState, FingerprintState

LOG_PAGE = 50


@dataclass(frozen=True)
class Overview:
    """What needs somebody first, then the totals."""

    partners: list[PartnerRow]
    open_cases: int
    active_fingerprints: int
    suspended_fingerprints: int
    waiting: int
    flagged: int
    levels: dict[str, Level]
    """Of the machine's parts, by their names."""

    @property
    def wrong(self) -> list[str]:
        """Parts of the machine that are wrong."""
        return [part for part, level in self.levels.items() if level is Level.WRONG]

    @property
    def is_calm(self) -> bool:
        """True where nothing needs attention."""
        of_partners = self.late or self.probing or self.not_looking or self.unconfirmed_withdrawals
        return not (self.wrong or of_partners or self.waiting or self.flagged)

    @property
    def late(self) -> list[PartnerRow]:
        """Partners in service that are behind or can't call any more."""
        return [partner for partner in self.partners if partner.revoked_at is None and (partner.health.is_late or not partner.live_keys)]

    @property
    def probing(self) -> list[PartnerRow]:
        """Partners in service that may be working out fingerprints, whatever else is the matter with them."""
        return [partner for partner in self.partners if partner.revoked_at is None and partner.probed]

    @property
    def not_looking(self) -> list[PartnerRow]:
        """Partners in service that were told the places of many pictures and found none of them there."""
        return [partner for partner in self.partners if partner.revoked_at is None and partner.unconfirmed]

    @property
    def unconfirmed_withdrawals(self) -> int:
        """Withdrawals that some partner in service has not confirmed."""
        return sum(partner.health.withdrawals_not_acknowledged for partner in self.partners if partner.revoked_at is None)

    @property
    def in_service(self) -> int:
        """How many partners are not revoked."""
        return sum(1 for partner in self.partners if partner.revoked_at is None)


@dataclass(frozen=True)
class OperatorLine:
    """An operator, without anything that opens a door."""

    name: str
    role: str
    created_at: datetime
    enrolled_at: datetime | None
    signed_in_at: datetime | None
    enrolment_until: datetime | None


@dataclass(frozen=True)
class LogPage:
    """Newest lines first; `older` is where the next page begins, None on the last."""

    lines: Sequence[LogLine]
    older: int | None


def overview(exchange: Context, now: datetime) -> Overview:
    """Return what stands on the first page."""
    return Overview(
        partners=partner_rows(exchange, now),
        open_cases=Case.objects.filter(state=CaseState.OPEN.value).count(),
        active_fingerprints=Fingerprint.objects.filter(state=FingerprintState.ACTIVE.value).count(),
        suspended_fingerprints=Fingerprint.objects.filter(state=FingerprintState.SUSPENDED.value).count(),
        waiting=len(suspended()),
        flagged=len(flagged()),
        levels=levels(exchange),
    )


def operator_lines() -> list[OperatorLine]:
    """Return all operators by name."""
    columns = ("name", "role", "created_at", "enrolled_at", "signed_in_at", "enrolment_until")
    return [OperatorLine(*row) for row in Operator.objects.order_by("name_key").values_list(*columns)]


def log_page(before: int | None) -> LogPage:
    """Return lines older than line `before`, or the newest."""
    rows = LogLine.objects.order_by("-id")
    chosen = rows if before is None else rows.filter(id__lt=before)
    lines = list(chosen[: LOG_PAGE + 1])
    return LogPage(lines[:LOG_PAGE], lines[LOG_PAGE - 1].id if len(lines) > LOG_PAGE else None)
