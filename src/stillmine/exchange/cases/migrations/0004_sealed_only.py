# SPDX-License-Identifier: Apache-2.0
"""The columns in clear go, and what was held by the digest is held by the blind index."""

from django.db import migrations, models
from django.db.models import Q

_WITHDRAWN = Q(state="withdrawn")
_ERASED = Q(sealed_value__isnull=True, blind_index__isnull=True, quality__isnull=True, withdrawn_at__isnull=False)
_WHOLE = Q(sealed_value__isnull=False, blind_index__isnull=False, quality__isnull=False, withdrawn_at__isnull=True)


class Migration(migrations.Migration):
    """No way back: what is sealed is not put into clear columns again."""

    dependencies = [("cases", "0004_sealed")]
    operations = [
        migrations.RemoveConstraint("fingerprint", "withdrawn_is_erased"),
        migrations.RemoveConstraint("fingerprint", "one_value_once_per_case"),
        migrations.RemoveIndex("fingerprint", "fingerprint_kind_digest"),
        migrations.RemoveField("fingerprint", "value"),
        migrations.RemoveField("fingerprint", "value_digest"),
        migrations.AddIndex("fingerprint", models.Index(fields=["kind", "blind_index"], name="fingerprint_blind_index")),
        migrations.AddConstraint(
            "fingerprint", models.UniqueConstraint(fields=["case", "kind", "blind_index"], name="one_value_once_per_case")
        ),
        migrations.AddConstraint(
            "fingerprint",
            models.CheckConstraint(condition=(_WITHDRAWN & _ERASED) | (~_WITHDRAWN & _WHOLE), name="withdrawn_is_erased"),
        ),
    ]
