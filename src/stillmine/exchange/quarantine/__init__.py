# SPDX-License-Identifier: Apache-2.0
"""What is suspended or flagged and why, and how people decide."""
