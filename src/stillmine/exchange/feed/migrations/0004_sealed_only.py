# SPDX-License-Identifier: Apache-2.0
"""The columns in clear go."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """No way back: what is sealed is not put into clear columns again."""

    dependencies = [("feed", "0004_sealed")]
    operations = [
        migrations.RemoveField("pendingtombstone", "value"),
        migrations.RemoveField("pendingtombstone", "value_digest"),
        migrations.AlterField("pendingtombstone", "blind_index", models.CharField(max_length=64, db_index=True)),
    ]
