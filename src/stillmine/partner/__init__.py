# SPDX-License-Identifier: Apache-2.0
"""A partner: what a platform runs to screen uploads against an exchange and to report back.

Looks uploads up, at the exchange or in a synced copy of its feed, keeps matches and reviews, sends feedback. It must never store or log
an upload, never hand out a fingerprint, and never match what was withdrawn. Contract: spec/screen.md, spec/partner.md.
"""
