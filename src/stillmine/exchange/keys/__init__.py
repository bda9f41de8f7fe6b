# SPDX-License-Identifier: Apache-2.0
"""Key-encryption keys and keys of the day, and what they seal. Knows no database."""
