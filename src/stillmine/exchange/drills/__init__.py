# SPDX-License-Identifier: Apache-2.0
"""Withdrawal drills: does a partner stop matching what was taken back? Shown with a fingerprint that belongs to no person."""
