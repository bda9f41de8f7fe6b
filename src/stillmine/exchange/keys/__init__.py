# SPDX-License-Identifier: Apache-2.0
"""Keys at rest: the operator's key-encryption keys, the data keys they wrap, and values sealed under those."""
