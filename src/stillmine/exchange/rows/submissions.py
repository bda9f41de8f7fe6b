# SPDX-License-Identifier: Apache-2.0
"""Which cases are a partner's and not a person's.

Such a case has a random id and a token that was thrown away when it was made, so that no case key opens it.
"""

from django.db import models


class Submission(models.Model):
    """One case of a partner's own."""

    case = models.OneToOneField("rows.Case", on_delete=models.PROTECT, related_name="submission")
    partner = models.ForeignKey("rows.Partner", on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "submissions_submission"
