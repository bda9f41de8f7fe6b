# SPDX-License-Identifier: Apache-2.0
"""The calls of Hasher-Matcher-Actioner, answered by the partner service: spec/hma.md.

Shapes alone: what is looked up, kept and reported is the service's own. Must never answer "no match" for what was not looked at.
"""
