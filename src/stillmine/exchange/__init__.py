# SPDX-License-Identifier: Apache-2.0
"""The exchange: keeps fingerprints, never pictures, and answers partners.

Django without sessions, cookies, admin or signals. Its folders are floors, from `ground` to `commands`, and each imports only from those
below it (`pyproject.toml` holds the order). Everything is wired in `web/app.py`; every table is in `rows`. Writes are verbs in
`actions.py`, reads are in `queries.py`. Nothing here may receive, store or log a picture, a file name or a network address.
Contract: spec/case.md, spec/feed.md, spec/threat-model.md.
"""
