# SPDX-License-Identifier: Apache-2.0
"""Videos and animated pictures: which frames are shown when, and the hash of each. Hashes as `picture` does; knows nothing of sound."""
