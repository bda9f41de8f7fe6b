# SPDX-License-Identifier: Apache-2.0
"""A public log that can be checked: the tree, its proofs, its entries and its signed checkpoints.

Bytes and values in, values out: nothing here stores, sends, reads a clock or makes randomness. Contract: spec/ledger.md.
"""
