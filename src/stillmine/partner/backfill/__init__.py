# SPDX-License-Identifier: Apache-2.0
"""Look up what a platform holds already: folders, S3 stores, manifests; each item once, whatever ends a run midway.

Must never count toward a flag of what it finds, nor take from a living service what new uploads need. Contract: spec/backfill.md.
"""
