# SPDX-License-Identifier: Apache-2.0
"""What a drill can plant. Apart from the picture, so that a command can name it without loading what makes pictures."""

from enum import StrEnum


class DrillKind(StrEnum):
    """The kinds of fingerprint a drill plants, by their names on the wire."""

    PDQ = "pdq"
    MD5 = "md5"
    SHA256 = "sha256"
