# SPDX-License-Identifier: Apache-2.0
"""Since when a partner is named to everybody, and for which sites; before this nobody was."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rows", "0004_portal_entries")]

    operations = [
        migrations.AddField(model_name="partner", name="named_since", field=models.DateField(db_default=None, null=True)),
        migrations.AddField(model_name="partner", name="sites", field=models.CharField(db_default="", default="", max_length=840)),
    ]
