# SPDX-License-Identifier: Apache-2.0
"""Fingerprints that partners hand in, kept in cases that belong to a partner and that no case key opens."""
