# SPDX-License-Identifier: Apache-2.0
"""Public numbers, worked out once a day, that tell nothing about one person."""
