# SPDX-License-Identifier: Apache-2.0
"""What partners report about copies, kept for the person to see. No free text."""
