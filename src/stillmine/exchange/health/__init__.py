# SPDX-License-Identifier: Apache-2.0
"""How the exchange is: one word for each part for machines, one line for people (spec/readiness.md). Must never change anything."""
