# SPDX-License-Identifier: Apache-2.0
"""Whether the clock of this machine is believed."""
