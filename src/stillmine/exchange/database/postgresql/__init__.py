# SPDX-License-Identifier: Apache-2.0
"""Django's PostgreSQL, with a limit to waiting: a server that is frozen answers nobody and closes nothing."""
