# SPDX-License-Identifier: Apache-2.0
"""Several sources beside the exchange: the file that names them, banks of the platform's own, StopNCII v1 servers.

Must never send what a bank holds anywhere.
"""
