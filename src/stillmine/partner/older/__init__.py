# SPDX-License-Identifier: Apache-2.0
"""Older content: fingerprints of uploads are remembered for some days, so that a case that is opened later finds what was posted before.

Must never keep any of it longer than was said, in clear, or of an upload that nobody could be told of. Contract: spec/older-content.md.
"""
