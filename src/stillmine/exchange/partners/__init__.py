# SPDX-License-Identifier: Apache-2.0
"""Partners, their keys, and the opaque ids that each of them sees instead of ours."""
