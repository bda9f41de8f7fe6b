# SPDX-License-Identifier: Apache-2.0
"""Opens encoders without letting one take the machine for itself.

Started as root, `libsvtav1` gives the thread that opens it, and its own threads, the highest real-time priority and never takes it back.
All that this process starts later inherits it, and two such processes that wait for each other in the kernel stop a machine of two
cores for good.
"""

import os

from av import CodecContext

NOBODY = 65_534


def open_encoder(encoder: CodecContext) -> None:
    """Open it; where this process is root, not as root, so that it can't raise a priority."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        encoder.open()
    finally:
        if is_root:
            os.seteuid(0)
