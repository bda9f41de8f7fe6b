# SPDX-License-Identifier: Apache-2.0
"""Cases: open, show, add to, withdraw, expire. Nothing here knows who the person is."""
