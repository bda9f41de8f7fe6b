# SPDX-License-Identifier: Apache-2.0
"""The tests: what several of them share is imported by its whole name, `tests.partner.fake_exchange`."""
