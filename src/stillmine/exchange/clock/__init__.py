# SPDX-License-Identifier: Apache-2.0
"""Whether the machine's clock may be believed: what can't be taken back is done by a clock that can't have jumped."""
