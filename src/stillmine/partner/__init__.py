# SPDX-License-Identifier: Apache-2.0
"""A partner: what a platform runs to screen uploads against an exchange and to report back.

Holds a synced copy of the feed, looks uploads up in it, keeps reviews, sends feedback. It must never store
or log an upload, never hand out a fingerprint, and never match what was withdrawn. Contract: spec/screen.md, spec/feed.md.
"""
