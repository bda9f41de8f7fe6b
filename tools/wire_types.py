# SPDX-License-Identifier: Apache-2.0
"""Writes portal/src/wire/types.ts from the wire package, so that the portal can't disagree with the exchange.

TypeScript types for the compiler, the same shapes as data for the check of each answer at run time, and the limits.
Only messages that the portal sends or reads are here; a shape that this small generator can't express stops it.

    python tools/wire_types.py [--check]
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from stillmine.wire.case import (
    DEFAULT_TERM_MONTHS,
    MAXIMUM_CASE_MESSAGE_BYTES,
    MAXIMUM_FINGERPRINTS_PER_CASE,
    MAXIMUM_VALUE_BYTES_PER_CASE,
    AddFingerprints,
    CancelWithdrawal,
    CaseView,
    OpenCase,
    RenewCase,
    SetDelay,
    Withdraw,
)
from stillmine.wire.errors import ErrorMessage, StillmineError, WorkNeeded
from stillmine.wire.fingerprint import MAXIMUM_FILES_PER_CASE
from stillmine.wire.kinds import FULL_QUALITY, MAXIMUM_DISTANCE_BITS, MINIMUM_ASKED_QUALITY, MINIMUM_QUALITY
from stillmine.wire.ledger import CaseLedger, LedgerConsistency, LedgerKey
from stillmine.wire.named import NamedPartners
from stillmine.wire.receipt import SignedReceipt

TARGET = Path(__file__).resolve().parent.parent / "portal/src/wire/types.ts"
READ_MESSAGES = [CaseView, SignedReceipt, CaseLedger, LedgerConsistency, LedgerKey, NamedPartners, ErrorMessage, WorkNeeded]
SENT_OR_READ = [OpenCase, AddFingerprints, Withdraw, CancelWithdrawal, SetDelay, RenewCase, *READ_MESSAGES]
READ = [message.__name__ for message in READ_MESSAGES]
OTHER_AUDIENCES = ("partner_", "feed_", "service_", "match_", "exchange_", "not_configured")

Schema = dict[str, Any]
"""A JSON Schema, as msgspec makes it; it stays inside this file."""


def type_text(schema: Schema) -> str:
    """Return the TypeScript type of one schema; raises SystemExit for a form it doesn't know."""
    if "$ref" in schema:
        return str(schema["$ref"])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(type_text(choice) for choice in schema["anyOf"])
    kind = schema.get("type")
    if kind == "array":
        return f"readonly {type_text(schema['items'])}[]"
    plain = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
    if kind not in plain:
        raise SystemExit(f"tools/wire_types.py does not know this form: {schema}")
    return plain[kind]


def declaration(name: str, schema: Schema) -> str:
    """Return one exported type."""
    comment = f"/** {schema['description']} */\n"
    if "enum" in schema:
        return f"{comment}export type {name} = {type_text(schema)};\n"
    lines = []
    for field, field_schema in schema["properties"].items():
        mark = "" if field in schema["required"] else "?"
        lines.append(f"  readonly {field}{mark}: {type_text(field_schema)};")
    return comment + f"export interface {name} {{\n" + "\n".join(lines) + "\n}\n"


def shape(schema: Schema) -> Schema:
    """Return what the check at run time needs of a schema, without titles and descriptions."""
    kept: Schema = {
        key: schema[key] for key in ("$ref", "type", "enum", "pattern", "format", "minimum", "maximum", "required") if key in schema
    }
    if "anyOf" in schema:
        kept["anyOf"] = [shape(choice) for choice in schema["anyOf"]]
    if "items" in schema:
        kept["items"] = shape(schema["items"])
    if "properties" in schema:
        kept["properties"] = {field: shape(field_schema) for field, field_schema in schema["properties"].items()}
    return kept


def reachable(name: str, components: dict[str, Schema]) -> set[str]:
    """Return the names that a message is made of, itself included."""
    text = json.dumps(components[name])
    inner = {other for other in components if other != name and f'"$ref": "{other}"' in text}
    return {name}.union(*(reachable(other, components) for other in inner))


def codes(error: type[StillmineError] = StillmineError) -> list[str]:
    """Return every error code that a person's device can meet, root first."""
    children = [child for child in error.__subclasses__() if child.__module__ == error.__module__]
    found = [error.code, *(code for child in children for code in codes(child))]
    return [code for code in found if not code.startswith(OTHER_AUDIENCES)]


def document() -> str:
    """Return the whole file."""
    _, components = msgspec.json.schema_components(SENT_OR_READ, ref_template="{name}")
    read = set().union(*(reachable(name, components) for name in READ))
    shapes = {name: shape(components[name]) for name in components if name in read}
    parts = [
        "// SPDX-License-Identifier: Apache-2.0\n// Made by tools/wire_types.py from stillmine.wire; change it there and run the tool.\n",
        *(declaration(name, schema) for name, schema in components.items()),
        "/** Every error code that a person's device can meet. */",
        f"export const ERROR_CODES = {json.dumps(codes(), indent=2)} as const;\n".replace("\n]", ",\n]"),
        f"export const MAXIMUM_FINGERPRINTS_PER_CASE = {MAXIMUM_FINGERPRINTS_PER_CASE};",
        f"export const MAXIMUM_FILES_PER_CASE = {MAXIMUM_FILES_PER_CASE};",
        f"export const MAXIMUM_VALUE_BYTES_PER_CASE = {MAXIMUM_VALUE_BYTES_PER_CASE};",
        f"export const MAXIMUM_CASE_MESSAGE_BYTES = {MAXIMUM_CASE_MESSAGE_BYTES};",
        f"export const MINIMUM_QUALITY = {MINIMUM_QUALITY};",
        f"export const MINIMUM_ASKED_QUALITY = {MINIMUM_ASKED_QUALITY};",
        f"export const FULL_QUALITY = {FULL_QUALITY};",
        f"export const MAXIMUM_DISTANCE_BITS = {MAXIMUM_DISTANCE_BITS};",
        f"export const DEFAULT_TERM_MONTHS = {DEFAULT_TERM_MONTHS};\n",
        "/** Shapes of what is read, for the check at run time; see check.ts. */",
        "export const SHAPES = {",
        *(f"  {name}: {json.dumps(one)}," for name, one in shapes.items()),
        "} as const;\n",
    ]
    return "\n".join(parts)


def main() -> None:
    """Write the file, or with --check exit 1 where it differs from what would be written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 on a difference")
    if not parser.parse_args().check:
        TARGET.parent.mkdir(parents=True, exist_ok=True)
        TARGET.write_text(document(), encoding="utf-8")
    elif not TARGET.exists() or TARGET.read_text(encoding="utf-8") != document():
        sys.exit("portal/src/wire/types.ts differs: run python tools/wire_types.py")


if __name__ == "__main__":
    main()
