# SPDX-License-Identifier: Apache-2.0
"""The exchange's log: one entry for each disclosure, written before it leaves. Knows fingerprints by their commitments alone."""
