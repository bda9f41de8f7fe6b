# SPDX-License-Identifier: Apache-2.0
"""Stillmine: stop copies of intimate pictures without anyone having to see them.

Nouns (wire, fingerprint, matching, ledger) are pure; actors (exchange, partner, auditor, demo) do things.
Nouns never import actors, actors never import each other, and only `wire` crosses the network.
Two folders are neither: `client` is a library on top of `wire`, `serving` listens for the exchange and the partner.
"""
