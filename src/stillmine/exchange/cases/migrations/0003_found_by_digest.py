# SPDX-License-Identifier: Apache-2.0
"""Indexes and constraints move from the value to its digest, and the value may be of any length."""

from django.db import migrations, models
from django.db.models import Q

_WITHDRAWN = Q(state="withdrawn")
_ERASED = Q(value__isnull=True, value_digest__isnull=True, quality__isnull=True, withdrawn_at__isnull=False)
_WHOLE = Q(value__isnull=False, value_digest__isnull=False, quality__isnull=False, withdrawn_at__isnull=True)


class Migration(migrations.Migration):
    """What holds the columns that the migration before has filled."""

    dependencies = [("cases", "0002_every_kind")]
    operations = [
        migrations.RemoveConstraint("fingerprint", "withdrawn_is_erased"),
        migrations.RemoveConstraint("fingerprint", "one_value_once_per_case"),
        migrations.RemoveIndex("fingerprint", "fingerprint_kind_value"),
        migrations.AlterField("fingerprint", "value", models.TextField(null=True)),
        migrations.AddIndex("fingerprint", models.Index(fields=["kind", "value_digest"], name="fingerprint_kind_digest")),
        migrations.AddConstraint(
            "fingerprint", models.UniqueConstraint(fields=["case", "kind", "value_digest"], name="one_value_once_per_case")
        ),
        migrations.AddConstraint(
            "fingerprint",
            models.CheckConstraint(condition=(_WITHDRAWN & _ERASED) | (~_WITHDRAWN & _WHOLE), name="withdrawn_is_erased"),
        ),
    ]
