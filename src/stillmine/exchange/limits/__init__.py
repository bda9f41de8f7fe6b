# SPDX-License-Identifier: Apache-2.0
"""How often one network may try; counts under a key of the day, never an address."""
