# SPDX-License-Identifier: Apache-2.0
"""The partner's SQLite file: fingerprints of the list, matches, and feedback that is not sent yet.

Must never hold a byte of an upload, or the value of a fingerprint that is not active.
"""
