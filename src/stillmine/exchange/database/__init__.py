# SPDX-License-Identifier: Apache-2.0
"""Bring the database up to date and refuse the wrong one."""
