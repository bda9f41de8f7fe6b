# SPDX-License-Identifier: Apache-2.0
"""What only an operator who backs up or restores can meet."""

from stillmine.wire.errors import StillmineError


class BackupUnusableError(StillmineError):
    code = "backup_unusable"
    status = 422
    sentence = "This backup can't be restored here. Nothing was changed. The detail says why."


class DatabaseNotEmptyError(StillmineError):
    code = "database_not_empty"
    status = 409
    sentence = "This database already holds data, and restoring would mix the two. Restore into a new, empty one."


class BackupRefusedError(StillmineError):
    code = "backup_refused"
    status = 409
    sentence = "No backup was written, and the data keys of the last one are unchanged. The detail says why."
