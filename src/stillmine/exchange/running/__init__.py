# SPDX-License-Identifier: Apache-2.0
"""What runs: the server, the process of the index, and what is done every minute."""
