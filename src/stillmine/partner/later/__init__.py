# SPDX-License-Identifier: Apache-2.0
"""Answer an upload later than the request that brought it.

Must never keep an upload longer than its screening, nor owe an answer without the store knowing.
"""
