# SPDX-License-Identifier: Apache-2.0
"""The data model: every table of the exchange, one Django app. Rows hold data and constraints; verbs live on the floors above."""
