# SPDX-License-Identifier: Apache-2.0
"""An exchange speaks up by itself: what the doctor finds is told to people, by mail or webhook. Contract: spec/alerts.md."""
