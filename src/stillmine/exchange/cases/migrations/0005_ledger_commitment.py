# SPDX-License-Identifier: Apache-2.0
"""What stands for a fingerprint in the log. Those that are there already get none: making it needs the case key."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add the commitment."""

    dependencies = [("cases", "0004_sealed_only")]
    operations = [migrations.AddField("fingerprint", "ledger_commitment", models.BinaryField(null=True))]
