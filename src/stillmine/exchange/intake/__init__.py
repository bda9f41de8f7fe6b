# SPDX-License-Identifier: Apache-2.0
"""Intake: what stands between a request and a fingerprint that stops copies.

It judges fingerprints, counts and partners' words, never a picture.
"""
