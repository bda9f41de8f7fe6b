# SPDX-License-Identifier: Apache-2.0
"""Several instances as one partner: one leads and owns the store, others follow it. Contract: spec/instances.md.

Must never let an instance answer with what it can't know to be in step, nor tell the exchange of a withdrawal that one of them still
matches.
"""
