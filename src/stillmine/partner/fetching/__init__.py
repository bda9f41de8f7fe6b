# SPDX-License-Identifier: Apache-2.0
"""Fetch what an address names, from where the operator said and nowhere else.

Must never follow a redirect, send a key, or log, keep or repeat an address.
"""
