# SPDX-License-Identifier: Apache-2.0
"""Tell the platform what becomes of its matches, wherever the operator pointed the service.

Must never keep an upload or a review waiting, nor lose what was queued.
"""
