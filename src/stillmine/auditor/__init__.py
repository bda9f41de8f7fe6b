# SPDX-License-Identifier: Apache-2.0
"""Check an exchange's log from outside, with nothing but its address: anybody may, and nobody is asked.

It believes signatures and hashes and nothing else that the exchange says. It sends nothing but the numbers of leaves.
"""
