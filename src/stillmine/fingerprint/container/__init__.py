# SPDX-License-Identifier: Apache-2.0
"""Opens files of strangers and tells what they are: the one place that chooses a demuxer, with its limits."""
