# SPDX-License-Identifier: Apache-2.0
"""The feed: one sequence of changes, pages handed to partners with a record of each, acknowledgements."""
