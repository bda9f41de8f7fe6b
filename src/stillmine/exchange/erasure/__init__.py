# SPDX-License-Identifier: Apache-2.0
"""What is erased stays erased: copies that wait, and the turn of the day that destroys keys."""
