# SPDX-License-Identifier: Apache-2.0
"""The life of a case and its fingerprints: open, add, withdraw, suspend, restore, end."""
