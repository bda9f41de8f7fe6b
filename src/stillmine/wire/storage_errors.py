# SPDX-License-Identifier: Apache-2.0
"""What anybody may meet when an exchange's disk or database gives way. Each says that the same can be sent again, and when."""

from stillmine.wire.errors import StillmineError


class StorageFullError(StillmineError):
    code = "storage_full"
    status = 503
    retry_after_seconds = 300
    sentence = "The exchange has no space to store anything right now. Nothing was changed. Try again in a few minutes."


class DatabaseUnavailableError(StillmineError):
    code = "database_unavailable"
    status = 503
    retry_after_seconds = 10
    sentence = "The database is not answering right now. Nothing was changed. Try again in a moment."


class DatabaseBusyError(StillmineError):
    code = "database_busy"
    status = 503
    retry_after_seconds = 5
    sentence = "Too many requests are being served right now. Nothing was changed. Try again in a few seconds."
