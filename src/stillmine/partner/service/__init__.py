# SPDX-License-Identifier: Apache-2.0
"""The running service: its HTTP endpoints, how it stands, its upkeep, and the one place where its parts are put together.

Must never log a header, a body, a path or an address.
"""
