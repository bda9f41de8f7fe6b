# SPDX-License-Identifier: Apache-2.0
"""The way `list`: a copy of the exchange's list, kept in step with the feed, and uploads looked up in it.

Must never match what the store has erased, and never answer from half a list that nothing matched.
"""
