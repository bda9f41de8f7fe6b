# SPDX-License-Identifier: Apache-2.0
"""Ask: a process that holds all active fingerprints in memory, and the route that answers partners from it."""
