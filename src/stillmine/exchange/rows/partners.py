# SPDX-License-Identifier: Apache-2.0
"""Partners and the hashes of their keys. A key itself is shown once and never stored.

A revoked partner stays, because it was given fingerprints and people may see that.
"""

from django.db import models

from stillmine.exchange.rows.scopes import Way

DEFAULT_DAILY_QUOTA = 1_000_000


class Partner(models.Model):
    """`random_id` goes into the partner's id and cursor keys; it never changes. `daily_quota` is in queries of asks a day.

    `erased_list_at`: since then it has nothing of the list, by its own word; null where it never said so, and once it is given any again.
    `named_since`: the day from which everybody is told that it takes part, null where nobody is; `sites` as `partners/naming.py` reads it.
    """

    random_id = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=60)
    name_key = models.CharField(max_length=180, unique=True)
    way = models.CharField(max_length=8, default=Way.ASK.value)
    daily_quota = models.PositiveIntegerField(default=DEFAULT_DAILY_QUOTA)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    erased_list_at = models.DateTimeField(null=True)
    named_since = models.DateField(null=True, db_default=None)
    sites = models.CharField(max_length=840, default="", db_default="")

    class Meta:
        db_table = "partners_partner"


class PartnerKey(models.Model):
    """`key_hash` is SHA-256 of the whole key; `scopes` as `scopes.py` reads it; of the last use the day is kept and nothing finer."""

    key_id = models.CharField(max_length=8, unique=True)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="keys")
    key_hash = models.CharField(max_length=64)
    scopes = models.CharField(max_length=40, default="")
    created_at = models.DateTimeField()
    last_used_on = models.DateField(null=True)
    ends_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "partners_partnerkey"
