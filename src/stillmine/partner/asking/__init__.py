# SPDX-License-Identifier: Apache-2.0
"""The way `ask`: what was made of an upload is looked up at the exchange, and nothing of what people protect is kept here.

Must never remember a match, and never call an upload clear of which the exchange did not answer every query.
"""
