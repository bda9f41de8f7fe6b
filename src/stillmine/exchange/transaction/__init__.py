# SPDX-License-Identifier: Apache-2.0
"""What an action is given (`Context`), and the transaction in which it happens whole or not at all."""
