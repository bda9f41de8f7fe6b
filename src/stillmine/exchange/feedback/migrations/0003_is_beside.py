# SPDX-License-Identifier: Apache-2.0
"""Whether a partner named the fingerprint of a report, or it stood beside the one that was named another time. Earlier ones were named."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("feedback", "0002_votes")]

    operations = [
        migrations.AddField(model_name="report", name="is_beside", field=models.BooleanField(db_default=False, default=False)),
    ]
