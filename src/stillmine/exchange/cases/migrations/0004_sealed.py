# SPDX-License-Identifier: Apache-2.0
"""Every value that stands in clear is sealed under a data key of its case, and found again by a blind index."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from stillmine.exchange.cases.values import place_of
from stillmine.exchange.context import context
from stillmine.exchange.keys.seal import blind_index, seal
from stillmine.exchange.keys.wrapping import CASE_KEYS, new_data_key, wrap_for_backup


def seal_values(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Case by case, so that no more than one case's values are held at once."""
    exchange = context()
    fingerprints = apps.get_model("cases", "Fingerprint").objects.filter(value__isnull=False)
    keys = apps.get_model("keys", "CaseDataKey").objects
    for case_id in list(fingerprints.order_by("case_id").values_list("case_id", flat=True).distinct()):
        data_key = new_data_key(exchange)
        wrapped_by, wrapped_key = wrap_for_backup(exchange.keys.ring(), data_key, CASE_KEYS, case_id, exchange.random_bytes)
        keys.create(case_id=case_id, wrapped_by=wrapped_by, wrapped_key=wrapped_key)
        rows = list(fingerprints.filter(case_id=case_id))
        for row in rows:
            row.sealed_value = seal(data_key, row.value.encode(), place_of(row.id), exchange.random_bytes)
            row.blind_index = blind_index(exchange.secret, row.kind, row.value)
        fingerprints.bulk_update(rows, ["sealed_value", "blind_index"], batch_size=100)


class Migration(migrations.Migration):
    """Columns and what fills them; what stood in clear goes in the next."""

    dependencies = [("cases", "0003_found_by_digest"), ("keys", "0001_initial")]
    operations = [
        migrations.AddField("fingerprint", "sealed_value", models.BinaryField(null=True)),
        migrations.AddField("fingerprint", "blind_index", models.CharField(max_length=64, null=True)),
        migrations.RunPython(seal_values, migrations.RunPython.noop),
    ]
