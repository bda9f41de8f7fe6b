# SPDX-License-Identifier: Apache-2.0
"""What every reader, in every language, is held to; `generate` makes it. See README.md."""
