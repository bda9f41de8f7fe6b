# SPDX-License-Identifier: Apache-2.0
"""Pages for operators, made on the server. Contract: spec/console.md."""
