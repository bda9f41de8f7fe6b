# SPDX-License-Identifier: Apache-2.0
"""When data were last backed up into a folder, beside of when its data keys are; of earlier backups that is not known."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rows", "0005_named_partners")]

    operations = [
        migrations.AddField(model_name="backupfolder", name="backed_up_at", field=models.DateTimeField(db_default=None, null=True)),
    ]
