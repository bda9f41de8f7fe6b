# SPDX-License-Identifier: Apache-2.0
"""The checks of content/ behind `make check-content`: each returns problems as sentences that name their place.

They judge what is there and never change it. Today's date is given to them, so that a test can be in another year.
"""
