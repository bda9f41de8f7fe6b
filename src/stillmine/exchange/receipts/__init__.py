# SPDX-License-Identifier: Apache-2.0
"""Deletion receipts: what a person can keep to show that, and when, their fingerprints were erased."""
