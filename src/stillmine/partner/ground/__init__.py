# SPDX-License-Identifier: Apache-2.0
"""What every room of the partner stands on: its errors, its home folder and the files in it that must stay private.

Must never know of fingerprints, uploads or requests.
"""
