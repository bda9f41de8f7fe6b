# SPDX-License-Identifier: Apache-2.0
"""In step with the exchange: which way is given, its list where there is one, feedback handed over.

Must never lose what waits to be reported, and never keep a list that is no longer given.
"""
