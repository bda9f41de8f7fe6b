# SPDX-License-Identifier: Apache-2.0
"""One look at everything that has to be right: `stillmine partner doctor`.

Must never change anything, ask about a fingerprint, or show one.
"""
