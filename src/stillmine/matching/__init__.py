# SPDX-License-Identifier: Apache-2.0
"""Fingerprints to near matches.

Bytes in, ids and distances out. Must never miss a fingerprint within the asked distance, and must know
nothing of cases, partners or pictures.
"""
