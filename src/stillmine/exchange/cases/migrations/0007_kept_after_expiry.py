# SPDX-License-Identifier: Apache-2.0
"""What an expired case held is kept for 72 hours. What was withdrawn or expired before was erased in the same minute."""

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F


def fill(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Say when each was erased."""
    apps.get_model("cases", "Fingerprint").objects.filter(state="withdrawn").update(erased_at=F("withdrawn_at"))


class Migration(migrations.Migration):
    """The table and the time."""

    dependencies = [("cases", "0006_is_synthetic")]
    operations = [
        migrations.AddField("fingerprint", "erased_at", models.DateTimeField(null=True)),
        migrations.CreateModel(
            name="ExpiredValue",
            fields=[
                (
                    "fingerprint",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="expired_value",
                        serialize=False,
                        to="cases.fingerprint",
                    ),
                ),
                ("state_before", models.CharField(max_length=16)),
                ("sealed_value", models.BinaryField()),
                ("blind_index", models.CharField(max_length=64)),
                ("value_bytes", models.PositiveIntegerField()),
                ("quality", models.PositiveSmallIntegerField()),
                ("is_synthetic", models.BooleanField()),
            ],
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
