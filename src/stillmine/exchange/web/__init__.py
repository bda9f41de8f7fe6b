# SPDX-License-Identifier: Apache-2.0
"""The exchange as a web application: routes, middleware, doors, readiness."""
