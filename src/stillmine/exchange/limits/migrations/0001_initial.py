# SPDX-License-Identifier: Apache-2.0
"""The first tables of limits."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Attempts",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("network_key", models.CharField(max_length=64)),
                ("what", models.CharField(max_length=32)),
                ("minute", models.DateTimeField(db_index=True)),
                ("count", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("network_key", "what", "minute"), name="one_count_per_minute")],
            },
        ),
    ]
