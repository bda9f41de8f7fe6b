# SPDX-License-Identifier: Apache-2.0
"""What a person sees: the case page, receipts and the log of their case, with the views that answer."""
