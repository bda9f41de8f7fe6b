# SPDX-License-Identifier: Apache-2.0
"""What a platform owes others about what it removed: statements of reasons, and numbers for a trust report.

Contract: spec/statements.md. Must never send anything, and never write of an upload what that page does not name.
"""
