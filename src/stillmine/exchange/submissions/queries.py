# SPDX-License-Identifier: Apache-2.0
"""Which cases are no person's. Whatever is said in public about people asks here what to leave out."""

from django.db.models import Q, QuerySet

from stillmine.exchange.rows.cases import Case


def keyless_cases() -> QuerySet[Case, int]:
    """Return the rows of cases that no person holds: partners' submissions and drills."""
    return Case.objects.filter(Q(submission__isnull=False) | Q(drill__isnull=False)).values_list("id", flat=True)
