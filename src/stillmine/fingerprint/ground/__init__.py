# SPDX-License-Identifier: Apache-2.0
"""What every floor of `fingerprint` stands on: errors, limits, the compiled kernel. Imports `wire` and nothing else of ours."""
