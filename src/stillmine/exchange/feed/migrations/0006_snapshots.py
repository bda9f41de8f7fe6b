# SPDX-License-Identifier: Apache-2.0
"""Pages may also be handed out as one snapshot of all."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Name the shape."""

    dependencies = [("feed", "0005_ledger_entries")]
    operations = [
        migrations.AlterField(
            "disclosure",
            "shape",
            models.CharField(choices=[("native", "Native"), ("snapshot", "Snapshot"), ("stopncii", "Stopncii")], max_length=16),
        )
    ]
