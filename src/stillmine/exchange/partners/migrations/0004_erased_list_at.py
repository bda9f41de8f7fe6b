# SPDX-License-Identifier: Apache-2.0
"""When a partner that was set back to asking said that nothing of the list is left with it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("partners", "0003_ways_and_scopes")]

    operations = [
        migrations.AddField("partner", "erased_list_at", models.DateTimeField(null=True)),
    ]
