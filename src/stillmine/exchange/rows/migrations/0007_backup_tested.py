# SPDX-License-Identifier: Apache-2.0
"""When a folder's backup was last restored to try it, and whether that went well; of earlier tries nothing is known."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rows", "0006_last_backup")]

    operations = [
        migrations.AddField(model_name="backupfolder", name="tested_at", field=models.DateTimeField(db_default=None, null=True)),
        migrations.AddField(model_name="backupfolder", name="is_test_passed", field=models.BooleanField(db_default=None, null=True)),
    ]
