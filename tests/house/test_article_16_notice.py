# SPDX-License-Identifier: Apache-2.0
"""The schema of a notice as data takes what the portal makes, and nothing that its page in `spec/` refuses."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

ROOT = Path(__file__).resolve().parents[2]
VECTORS = json.loads((ROOT / "vectors/article_16_notice.json").read_text(encoding="utf-8"))
SCHEMA = json.loads((ROOT / "spec/notice-data.schema.json").read_text(encoding="utf-8"))
NOTICES = jsonschema_rs.Draft202012Validator(SCHEMA)


@pytest.mark.parametrize("case", VECTORS["made"], ids=lambda case: case["what"])
def test_what_the_portal_makes_is_taken(case: dict[str, Any]) -> None:
    assert list(NOTICES.iter_errors(case["notice"])) == []


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["what"])
def test_what_is_no_notice_is_refused(case: dict[str, Any]) -> None:
    assert not NOTICES.is_valid(case["notice"])


def test_every_field_of_the_schema_is_explained() -> None:
    page = (ROOT / "spec/notice-data.md").read_text(encoding="utf-8")
    assert [field for field in SCHEMA["properties"] if f"`{field}`" not in page] == []
