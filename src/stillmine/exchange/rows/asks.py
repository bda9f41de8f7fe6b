# SPDX-License-Identifier: Apache-2.0
"""How much each partner asked on each day, and what was found for it. Never a query, never a value."""

from django.db import models


class AskCount(models.Model):
    """Queries of one partner on one UTC day, and how many of them matched."""

    partner = models.ForeignKey("rows.Partner", on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    queries = models.PositiveBigIntegerField(default=0)
    matches = models.PositiveBigIntegerField(default=0)

    class Meta:
        db_table = "ask_askcount"
        constraints = (models.UniqueConstraint(fields=["partner", "day"], name="one_ask_count_per_day"),)


class AskMatch(models.Model):
    """One fingerprint matched what one partner asked on one UTC day; `queries` is how many of its queries.

    The partner is told the nearest of all; of each other case the nearest has its row too. `is_part`: all of the day were parts alone.
    """

    partner = models.ForeignKey("rows.Partner", on_delete=models.PROTECT, related_name="+", db_index=False)
    fingerprint = models.ForeignKey("rows.Fingerprint", on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    first_at = models.DateTimeField()
    queries = models.PositiveIntegerField(default=0)
    is_part = models.BooleanField(default=False, db_default=False)

    class Meta:
        db_table = "ask_askmatch"
        constraints = (models.UniqueConstraint(fields=["partner", "fingerprint", "day"], name="one_ask_match_per_day"),)


class AskBeside(models.Model):
    """What else matched where a partner was told of one fingerprint: what it decides about that one is about the same upload."""

    partner = models.ForeignKey("rows.Partner", on_delete=models.PROTECT, related_name="+", db_index=False)
    told = models.ForeignKey("rows.Fingerprint", on_delete=models.PROTECT, related_name="+", db_index=False)
    other = models.ForeignKey("rows.Fingerprint", on_delete=models.PROTECT, related_name="+", db_index=False)
    last_day = models.DateField(db_index=True)

    class Meta:
        db_table = "ask_askbeside"
        constraints = (models.UniqueConstraint(fields=["partner", "told", "other"], name="one_row_per_pair_told"),)


class AskVariety(models.Model):
    """How many different queries of one partner only just matched one fingerprint on one UTC day: 256 bits, gone when the day is over."""

    partner = models.ForeignKey("rows.Partner", on_delete=models.PROTECT, related_name="+", db_index=False)
    fingerprint = models.ForeignKey("rows.Fingerprint", on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    seen = models.BinaryField(default=bytes)

    class Meta:
        db_table = "ask_askvariety"
        constraints = (models.UniqueConstraint(fields=["partner", "fingerprint", "day"], name="one_variety_per_day"),)


class ProbingAlarm(models.Model):
    """Near so many fingerprints one partner had more differing matches on one UTC day than the limit; it names none of them."""

    partner = models.ForeignKey("rows.Partner", on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    fingerprints = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "ask_probingalarm"
        constraints = (models.UniqueConstraint(fields=["partner", "day"], name="one_probing_alarm_per_day"),)


class PlacesTold(models.Model):
    """One ask about regions that was told places: of how many pictures, how many its looks found, how many looks. Gone in minutes."""

    partner = models.ForeignKey("rows.Partner", on_delete=models.PROTECT, related_name="+", db_index=False)
    last_at = models.DateTimeField(db_index=True)
    pictures = models.PositiveIntegerField()
    found = models.PositiveIntegerField(default=0)
    looks = models.PositiveSmallIntegerField(default=0)

    class Meta:
        db_table = "ask_placestold"


class Unconfirmed(models.Model):
    """Of so many pictures one partner was told the places on one UTC day, and no look found them; it names none of them."""

    partner = models.ForeignKey("rows.Partner", on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    pictures = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "ask_unconfirmed"
        constraints = (models.UniqueConstraint(fields=["partner", "day"], name="one_unconfirmed_per_day"),)
