# SPDX-License-Identifier: Apache-2.0
"""An upload to its fingerprints, in worker processes behind walls, because a stranger made the file.

Must never keep or log a byte of an upload, and never trust what a worker says.
"""
