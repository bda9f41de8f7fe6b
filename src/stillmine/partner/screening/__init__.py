# SPDX-License-Identifier: Apache-2.0
"""One upload looked up, whatever the way: what was made of it, its token, the way in use, the answer.

Knows what a way gives and nothing of lists or requests. Must never call an upload clear that was not looked up whole.
"""
