# SPDX-License-Identifier: Apache-2.0
"""One row: a value made from the exchange's secret, from which the secret can't be found."""

from django.db import models


class SecretCheck(models.Model):
    """`value` is 64 hex digits; a database that was made before this table has none until its next start."""

    value = models.CharField(max_length=64)

    class Meta:
        db_table = "secret_check_secretcheck"
