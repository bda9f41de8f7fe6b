# SPDX-License-Identifier: Apache-2.0
"""Each fingerprint gets a data key of its own, wrapped under a key of the day; the keys of cases go.

Here the first key of the day is made. It is the one moment when that can't hide a loss: nothing was ever wrapped under one. A file that is
there already belongs to another database and is put aside.
"""

import logging
from collections.abc import Sequence
from typing import Any

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from stillmine.exchange.cases.values import place_of
from stillmine.exchange.context import Context, context, to_minute
from stillmine.exchange.keys.seal import SealedValueError, open_sealed, seal
from stillmine.exchange.keys.wrapping import CASE_KEYS, FINGERPRINT_KEYS, TOMBSTONE_KEYS, WrappingKey, new_data_key, unwrap_from_backup
from stillmine.wire.case_key import Secret

_AT_ONCE = 200

_log = logging.getLogger(__name__)


def begin(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Make the first key of the day and its file."""
    exchange = context()
    file = exchange.day_keys.file
    with file.lock(waits=True):
        aside = file.put_aside(exchange.random_bytes(4).hex())
        if aside:
            _log.warning(
                "%s was of another database, or of an upgrade that was cut off, and is now %s: delete it when you no longer need that",
                file.path,
                aside,
            )
        key_id, line = exchange.day_keys.new_line(exchange.random_bytes)
        file.write({key_id: line})
    apps.get_model("keys", "DayKey").objects.create(id=key_id, sequence=1, made_at=to_minute(exchange.clock()))


def seal_anew(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Case by case, so that no more than one case's values are held at once."""
    exchange = context()
    today = _today(exchange, apps)
    for key in apps.get_model("keys", "CaseDataKey").objects.order_by("pk").iterator(_AT_ONCE):
        try:
            case_key = unwrap_from_backup(exchange, key.wrapped_by, bytes(key.wrapped_key), CASE_KEYS, key.pk)
        except SealedValueError as error:  # never opened before this either; fsck goes on saying so
            _log.error("%s", error)
            continue
        _seal_case(exchange, apps, today, key.pk, case_key)
    for key in list(apps.get_model("keys", "OldTombstoneDataKey").objects.order_by("pk")):
        try:
            data_key = unwrap_from_backup(exchange, key.wrapped_by, bytes(key.wrapped_key), TOMBSTONE_KEYS, key.pk)
        except SealedValueError as error:
            _log.error("%s", error)
            continue
        wrapped = today.wrap(data_key, TOMBSTONE_KEYS, key.pk, exchange.random_bytes)
        apps.get_model("keys", "TombstoneDataKey").objects.create(pk=key.pk, wrapped_by_id=today.id, wrapped_key=wrapped)


def _seal_case(exchange: Context, apps: Apps, today: WrappingKey, case: int, case_key: Secret) -> None:
    live = apps.get_model("cases", "Fingerprint").objects.filter(case_id=case, sealed_value__isnull=False)
    kept = apps.get_model("cases", "ExpiredValue").objects.filter(fingerprint__case_id=case)
    for rows in (live, kept):
        _seal_rows(exchange, apps, today, list(rows), case_key)


def _seal_rows(exchange: Context, apps: Apps, today: WrappingKey, rows: Sequence[Any], case_key: Secret) -> None:
    keys = []
    changed = []
    for row in rows:
        data_key, place = new_data_key(exchange), place_of(row.pk)
        try:
            row.sealed_value = seal(data_key, open_sealed(case_key, bytes(row.sealed_value), place), place, exchange.random_bytes)
            changed.append(row)
        except SealedValueError as error:
            _log.error("%s", error)
        wrapped = today.wrap(data_key, FINGERPRINT_KEYS, row.pk, exchange.random_bytes)
        keys.append({"fingerprint_id": row.pk, "wrapped_by_id": today.id, "wrapped_key": wrapped})
    if changed:
        type(changed[0])._default_manager.bulk_update(changed, ["sealed_value"], batch_size=100)
    model = apps.get_model("keys", "FingerprintDataKey")
    model.objects.bulk_create([model(**key) for key in keys])


def _today(exchange: Context, apps: Apps) -> WrappingKey:
    [key_id] = apps.get_model("keys", "DayKey").objects.values_list("id", flat=True)
    return WrappingKey(key_id, exchange.day_keys.key(key_id))


def _data_key(name: str, table: str, column: str, to: str, on_delete: Any) -> migrations.CreateModel:
    sealed = models.OneToOneField(on_delete=on_delete, primary_key=True, related_name="data_key", serialize=False, to=to)
    wrapped_by = models.ForeignKey(db_column="wrapped_by", on_delete=django.db.models.deletion.PROTECT, related_name="+", to="keys.daykey")
    fields = [(column, sealed), ("wrapped_by", wrapped_by), ("wrapped_key", models.BinaryField())]
    return migrations.CreateModel(name=name, fields=fields, options={"db_table": table})


class Migration(migrations.Migration):
    """The tables, what fills them, and the end of the old ones."""

    dependencies = [("keys", "0002_wipe_clear_values"), ("cases", "0008_withdrawal_delay"), ("feed", "0006_snapshots")]
    operations = [
        migrations.CreateModel(
            name="DayKey",
            fields=[
                ("id", models.CharField(max_length=8, primary_key=True, serialize=False)),
                ("sequence", models.PositiveBigIntegerField(unique=True)),
                ("made_at", models.DateTimeField()),
            ],
            options={"db_table": "day_keys"},
        ),
        migrations.RunPython(begin, migrations.RunPython.noop),
        migrations.RenameModel("TombstoneDataKey", "OldTombstoneDataKey"),
        migrations.AlterModelTable("OldTombstoneDataKey", "old_tombstone_data_keys"),
        _data_key("FingerprintDataKey", "fingerprint_data_keys", "fingerprint", "cases.fingerprint", django.db.models.deletion.PROTECT),
        _data_key("TombstoneDataKey", "tombstone_data_keys", "tombstone", "feed.pendingtombstone", django.db.models.deletion.CASCADE),
        migrations.RunPython(seal_anew, migrations.RunPython.noop),
        migrations.DeleteModel("CaseDataKey"),
        migrations.DeleteModel("OldTombstoneDataKey"),
    ]
