# SPDX-License-Identifier: Apache-2.0
"""What an operator types: check the connection, sync, serve, screen files, list and decide matches.

Must never take a key as an option or print anything but answers on standard output.
"""
