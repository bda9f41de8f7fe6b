# SPDX-License-Identifier: Apache-2.0
"""What has to happen after something was erased, until no log, no copy and no backup opens it any more."""
