# SPDX-License-Identifier: Apache-2.0
"""What the bytes of a file say of it, read without a decoder. Must never decode a pixel or a sound to find out."""
