# SPDX-License-Identifier: Apache-2.0
"""Where the check value of the secret stands. It is filled by the command that migrates, which knows the secret."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Make the table."""

    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            "SecretCheck",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("value", models.CharField(max_length=64)),
            ],
        )
    ]
