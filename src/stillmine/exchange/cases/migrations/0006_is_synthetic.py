# SPDX-License-Identifier: Apache-2.0
"""What the person says of a file: made or changed by a computer. Nobody was asked before, so nobody said so."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add it."""

    dependencies = [("cases", "0005_ledger_commitment")]
    operations = [migrations.AddField("fingerprint", "is_synthetic", models.BooleanField(default=False))]
