# SPDX-License-Identifier: Apache-2.0
"""A fingerprint as it travels: kind, value in the field's own text form, quality, and which file of the case it is of.

What a value of each kind looks like is said in `wire.kinds`. Must never be made with a value that is not of its kind's form.
Contract: spec/case.md.
"""

from typing import Annotated

import msgspec

from stillmine.wire.errors import QualityTooLowError
from stillmine.wire.kinds import MINIMUM_QUALITY, Kind, require_value

MAXIMUM_FILES_PER_CASE = 100

Quality = Annotated[int, msgspec.Meta(ge=0, le=100)]
FileNumber = Annotated[int, msgspec.Meta(ge=1, le=MAXIMUM_FILES_PER_CASE)]


class Fingerprint(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One fingerprint; the form of `value` is its kind's. Fingerprints of one file have the same `file_number`.

    `is_synthetic`: whoever sends it says that the file was made or changed by a computer.
    """

    kind: Kind
    value: str
    quality: Quality
    file_number: FileNumber = 1
    is_synthetic: bool = False

    def __post_init__(self) -> None:
        require_value(self.kind, self.value, self.quality)

    def require_quality(self) -> None:
        """Raise QualityTooLowError below the quality that a case accepts."""
        if self.quality < MINIMUM_QUALITY:
            raise QualityTooLowError(f"quality is below {MINIMUM_QUALITY}")
