# SPDX-License-Identifier: Apache-2.0
"""A partner inside a platform's own Python process, in place of the HTTP service. Contract: spec/partner.md, "Inside your own process"."""
