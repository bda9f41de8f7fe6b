# SPDX-License-Identifier: Apache-2.0
"""Folders of backups of before this are not known: they are noted with their next backup."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """The table."""

    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="BackupFolder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("folder", models.TextField(unique=True)),
                ("made_at", models.DateTimeField()),
                ("complained_at", models.DateTimeField(null=True)),
            ],
        ),
    ]
