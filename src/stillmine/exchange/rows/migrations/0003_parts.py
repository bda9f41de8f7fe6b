# SPDX-License-Identifier: Apache-2.0
"""Whether all that matched on a day was a part; what was recorded before was told as a match."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rows", "0002_places_told")]

    operations = [
        migrations.AddField(model_name="askmatch", name="is_part", field=models.BooleanField(db_default=False, default=False)),
    ]
