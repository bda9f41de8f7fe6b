# SPDX-License-Identifier: Apache-2.0
"""What whoever runs the service sees of it from outside: numbers, and lines of its log.

Must never hold a fingerprint, an id, or anything else of a single upload.
"""
