# SPDX-License-Identifier: Apache-2.0
"""Sound files and the sound of videos: what is heard, and its Chromaprint values. Knows nothing of pictures."""
