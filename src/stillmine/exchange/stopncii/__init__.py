# SPDX-License-Identifier: Apache-2.0
"""The whole shape of StopNCII.org: fetch, submit, feedback by value."""
