# SPDX-License-Identifier: Apache-2.0
"""A page's record keeps the numbers of its entries in the log. Pages of before have none."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Add the numbers."""

    dependencies = [("feed", "0004_sealed_only"), ("ledger", "0001_initial")]
    operations = [
        migrations.AddField(
            "disclosure",
            name,
            models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.leaf"),
        )
        for name in ("disclosed_entry", "retracted_entry")
    ]
