# SPDX-License-Identifier: Apache-2.0
"""A worker on a kernel that knows neither Landlock nor seccomp: it says so, and works."""

from stillmine.partner.fingerprinting import worker
from stillmine.partner.fingerprinting.sandbox import Wall

if __name__ == "__main__":
    setattr(worker, "shut_in", lambda *_descriptors: [Wall.LANDLOCK, Wall.SECCOMP])  # noqa: B010 (a name that the worker imports)
    worker.main()
