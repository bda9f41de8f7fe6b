# SPDX-License-Identifier: Apache-2.0
"""Whether something is in the way of what was erased."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """The table."""

    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="HeldUp",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField()),
            ],
        ),
    ]
