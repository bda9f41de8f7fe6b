# SPDX-License-Identifier: Apache-2.0
"""What stands before anything is stored: limits, flat fingerprints, the negative bank, proof of work."""
