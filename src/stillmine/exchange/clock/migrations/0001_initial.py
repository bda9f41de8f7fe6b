# SPDX-License-Identifier: Apache-2.0
"""What is known of the clock: where something is stored already, the newest time of it, before anybody writes a newer one."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from stillmine.exchange.clock.newest import newest_stored


def begin(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Know nothing but that it was once this time; a new database knows nothing."""
    newest = newest_stored(apps)
    if newest is not None:
        times = {"believed_at": newest, "seen_at": newest, "anchor_at": newest}
        apps.get_model("clock", "ClockState").objects.create(id=1, anchor_boot="", anchor_minutes_since_boot=0, **times)


class Migration(migrations.Migration):
    """The one table."""

    initial = True
    dependencies = [
        ("cases", "0006_is_synthetic"),
        ("feed", "0006_snapshots"),
        ("ledger", "0001_initial"),
        ("statistics", "0001_initial"),
    ]
    operations = [
        migrations.CreateModel(
            name="ClockState",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("believed_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("anchor_at", models.DateTimeField()),
                ("anchor_boot", models.CharField(max_length=64)),
                ("anchor_minutes_since_boot", models.BigIntegerField()),
                ("broken_at", models.DateTimeField(null=True)),
                ("complained_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.RunPython(begin, migrations.RunPython.noop),
    ]
