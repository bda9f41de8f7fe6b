# SPDX-License-Identifier: Apache-2.0
"""Why a snapshot of an index is not opened. Must never say what is in it."""

from stillmine.wire.errors import StillmineError


class SnapshotTruncatedError(StillmineError):
    code = "snapshot_truncated"
    sentence = "This snapshot ends too early. Delete it; the index will be rebuilt from the store."


class SnapshotDamagedError(StillmineError):
    code = "snapshot_damaged"
    sentence = "This snapshot was changed after it was written. Delete it; the index will be rebuilt from the store."


class SnapshotVersionError(StillmineError):
    code = "snapshot_version"
    sentence = "This snapshot was written by another version. Delete it; the index will be rebuilt from the store."


class SnapshotKindError(StillmineError):
    code = "snapshot_kind"
    sentence = "This file is not a snapshot of this kind of index. Check the path; nothing was read from it."
