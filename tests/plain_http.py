# SPDX-License-Identifier: Apache-2.0
"""httpx for addresses without TLS, which needs no list of certificate authorities.

httpx loads that list for every client it makes, so for every single `httpx.get`: ten times the work of a request to this machine, and
many are made while a test waits for a service. Here no certificate is trusted, so that an address with TLS is refused.
"""

import ssl
from functools import partial

import httpx

NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts no certificate."""

get = partial(httpx.get, verify=NOBODY)
post = partial(httpx.post, verify=NOBODY)
Client = partial(httpx.Client, verify=NOBODY)
