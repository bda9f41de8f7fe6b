# SPDX-License-Identifier: Apache-2.0
"""Where data keys were backed up to. No part of a backup itself: another machine has other folders."""

from django.db import models


class BackupFolder(models.Model):
    """A folder with a file of data keys, and of which moment they are: what was erased since can still be read with them.

    `backed_up_at`: when data were last written there; not known of what a version before this wrote. `tested_at`: when what is there was
    last restored to try it, and `is_test_passed` how that went.
    """

    folder = models.TextField(unique=True)
    made_at = models.DateTimeField()
    backed_up_at = models.DateTimeField(db_default=None, null=True)
    tested_at = models.DateTimeField(db_default=None, null=True)
    is_test_passed = models.BooleanField(db_default=None, null=True)
    complained_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "backup_backupfolder"
