# SPDX-License-Identifier: Apache-2.0
"""Ways, scopes, ends. Partners that are here already were given the list, so they stay list partners; new ones ask."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def keep_lists(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Leave everybody who was given the list its list."""
    apps.get_model("partners", "Partner").objects.update(way="list")


class Migration(migrations.Migration):
    dependencies = [("partners", "0002_daily_quota")]

    operations = [
        migrations.AddField("partner", "way", models.CharField(max_length=8, default="ask")),
        migrations.AddField("partnerkey", "scopes", models.CharField(max_length=40, default="")),
        migrations.AddField("partnerkey", "last_used_on", models.DateField(null=True)),
        migrations.AddField("partnerkey", "ends_at", models.DateTimeField(null=True)),
        migrations.RunPython(keep_lists, migrations.RunPython.noop),
    ]
