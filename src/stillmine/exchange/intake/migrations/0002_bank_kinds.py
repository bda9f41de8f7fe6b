# SPDX-License-Identifier: Apache-2.0
"""The negative bank holds every kind; all that it held before are pictures."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("intake", "0001_initial"),)

    operations = (
        migrations.AddField("bankpart", "kind", models.CharField(max_length=16, default="pdq")),
        migrations.RemoveConstraint("bankpart", "one_part_per_place"),
        migrations.AddConstraint("bankpart", models.UniqueConstraint(fields=["bank", "kind", "place"], name="one_part_per_kind_and_place")),
    )
