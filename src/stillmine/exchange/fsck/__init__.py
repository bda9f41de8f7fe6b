# SPDX-License-Identifier: Apache-2.0
"""What must always be true of the stored data."""
