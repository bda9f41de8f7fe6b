# SPDX-License-Identifier: Apache-2.0
"""Which of a file's forms a browser takes (RFC 9110, 12.5.3). For files that are the same for everybody, never for an answer of the API."""

from collections.abc import Sequence

IDENTITY = "identity"
_UNNAMED_IDENTITY = 0.0009
_UNNAMED_OTHER = 0.0005
"""Less than any value that a client can write, so that what it names comes first. `*` alone gets the file itself."""


def chosen(accepted: str | None, forms: Sequence[str]) -> str:
    """Return that of `forms` which `Accept-Encoding` values most, the first of those alike; `identity` where it wants none of them.

    `forms` are names of codings, `identity` among them. Without the header a client gets `identity`: it may know no other.
    """
    values = _values(accepted or "")
    everything_else = values.get("*")
    usual = dict.fromkeys(forms, _UNNAMED_OTHER if everything_else else 0.0)
    usual[IDENTITY] = 0.0 if everything_else == 0.0 else _UNNAMED_IDENTITY
    worth = {form: values.get(form, usual[form]) for form in forms}
    best = max(forms, key=lambda form: worth[form])  # `max` takes the first of those alike
    return best if worth[best] > 0.0 else IDENTITY


def _values(accepted: str) -> dict[str, float]:
    """Return what each named coding is worth; one that is written wrongly counts as refused."""
    values = dict[str, float]()
    for part in accepted.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        name = {"x-gzip": "gzip"}.get(name, name)
        if name:
            values[name] = _quality(parameters)
    return values


def _quality(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        key, _, value = (piece.strip() for piece in parameter.partition("="))
        if key == "q":
            try:
                found = float(value)
            except ValueError:
                return 0.0
            return found if 0.0 <= found <= 1.0 else 0.0
    return 1.0
