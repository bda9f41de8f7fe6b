# SPDX-License-Identifier: Apache-2.0
"""A number and what it counts, as people say it: "1 value is", "2 values are"."""


def counted(count: int, one: str, many: str) -> str:
    """Return the number before `one` or `many`."""
    return f"{count} {one if count == 1 else many}"
