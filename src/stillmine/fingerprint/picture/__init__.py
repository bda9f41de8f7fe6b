# SPDX-License-Identifier: Apache-2.0
"""Still pictures: decoded as a browser shows them, hashed, and sought within pictures. Knows nothing of video or sound."""
