# SPDX-License-Identifier: Apache-2.0
"""Backups that don't bring back what people withdrew: data and data keys in files apart."""
