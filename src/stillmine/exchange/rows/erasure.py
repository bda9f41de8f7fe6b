# SPDX-License-Identifier: Apache-2.0
"""What keeps erased things in the database's own files for a while, as a row. No part of a backup."""

from django.db import models


class HeldUp(models.Model):
    """One row while the database can't let go of what was erased, because something reads for long; none otherwise."""

    since = models.DateTimeField()

    class Meta:
        db_table = "erasure_heldup"
