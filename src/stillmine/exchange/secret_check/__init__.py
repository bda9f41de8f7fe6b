# SPDX-License-Identifier: Apache-2.0
"""Which secret a database belongs to, so that nothing is done with another one."""
