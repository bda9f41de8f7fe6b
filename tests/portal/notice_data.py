# SPDX-License-Identifier: Apache-2.0
"""What a whole notice holds, and what has to be left out of it so that one element of a regime is missing."""

from collections.abc import Mapping

from playwright.sync_api import Page

ROLE_SELF = "1"
"""Choices are picked by their place."""

WHOLE = {
    "role": ROLE_SELF,
    "locations": "https://example.net/post/7\nhttps://example.net/post/8",
    "description": "A photograph of me on a bed, blue wall behind",
    "reasons": "It is an intimate picture and I never agreed to it",
    "facts": "I sent it to one person only, and told them so",
    "name": "Maria Example",
    "signature": "Maria Example",
    "email": "maria@example.org",
    "phone": "555 0100",
    "address": "1 Example Street",
    "may_tell_author": "2",
    "states_intimate": "yes",
    "states_no_consent": "yes",
    "states_good_faith": "yes",
    "states_accurate": "yes",
}
"""Everything that any regime asks for."""

LACKS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "us_tida": {
        "signature": ("signature",),
        "locate": ("locations",),
        "non_consent": ("states_no_consent",),
        "contact": ("email", "phone", "address"),
        "who": ("role",),
    },
    "gb_osa": {
        "declares": ("states_intimate",),
        "who": ("role",),
        "good_faith": ("states_accurate",),
        "locate": ("description",),
        "contact": ("email", "phone", "address"),
    },
    "eu_dsa": {"reasons": ("reasons",), "locate": ("locations",), "name_and_mail": ("email",), "good_faith": ("states_good_faith",)},
    "nz_hdca": {
        "full_contact": ("phone",),
        "specific": ("description",),
        "harm": ("reasons",),
        "locate": ("locations",),
        "identity": ("may_tell_author",),
    },
    "au_esafety": {"who": ("role",), "objection": ("states_no_consent",), "locate": ("locations",), "reply": ("email", "phone", "address")},
    "plain": {"locate": ("locations",), "no_consent": ("states_no_consent",), "reply": ("email", "phone", "address")},
}
"""For every element of every regime: what has to be left out so that it alone is not met."""


def shown(page: Page, fields: Mapping[str, str]) -> dict[str, str]:
    """Those fields that this regime's form has."""
    return {name: value for name, value in fields.items() if page.locator(f"[data-field={name}]").count()}
