# SPDX-License-Identifier: Apache-2.0
"""How much a partner may ask in a day."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="partner",
            name="daily_quota",
            field=models.PositiveIntegerField(default=1000000),
        ),
    ]
