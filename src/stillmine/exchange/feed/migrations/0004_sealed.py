# SPDX-License-Identifier: Apache-2.0
"""Every value that is kept for a partner is sealed under a data key of its own."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from stillmine.exchange.context import context
from stillmine.exchange.feed.kept_values import place_of
from stillmine.exchange.keys.seal import blind_index, seal
from stillmine.exchange.keys.wrapping import TOMBSTONE_KEYS, new_data_key, wrap_for_backup


def seal_values(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Seal what is kept, one after the other: there is little of it."""
    exchange = context()
    pending = apps.get_model("feed", "PendingTombstone").objects
    keys = apps.get_model("keys", "TombstoneDataKey").objects
    for row in list(pending.select_related("fingerprint")):
        data_key = new_data_key(exchange)
        wrapped_by, wrapped_key = wrap_for_backup(exchange.keys.ring(), data_key, TOMBSTONE_KEYS, row.pk, exchange.random_bytes)
        keys.create(tombstone_id=row.pk, wrapped_by=wrapped_by, wrapped_key=wrapped_key)
        place = place_of(row.fingerprint_id, row.partner_id)
        pending.filter(pk=row.pk).update(
            sealed_value=seal(data_key, row.value.encode(), place, exchange.random_bytes),
            blind_index=blind_index(exchange.secret, row.fingerprint.kind, row.value),
        )


class Migration(migrations.Migration):
    """Columns and what fills them; what stood in clear goes in the next."""

    dependencies = [("feed", "0003_value_digest"), ("keys", "0001_initial")]
    operations = [
        migrations.AddField("pendingtombstone", "sealed_value", models.BinaryField(default=b""), preserve_default=False),
        migrations.AddField("pendingtombstone", "blind_index", models.CharField(max_length=64, default=""), preserve_default=False),
        migrations.RunPython(seal_values, migrations.RunPython.noop),
    ]
