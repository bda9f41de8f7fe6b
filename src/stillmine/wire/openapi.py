# SPDX-License-Identifier: Apache-2.0
"""An HTTP interface as an OpenAPI 3.1 document, made from its operations and the messages that they take and answer.

Who answers says which operations there are; a test beside it holds them against the routes. Must say nothing that they don't do.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from stillmine.wire.errors import ErrorMessage

Schema = dict[str, Any]
"""A part of a document, which is JSON."""

Content = tuple[type[msgspec.Struct] | str, ...]
"""What a body may be: a message as JSON, or the content type of something else. Empty: no body."""

JSON = "application/json"
TEXT = "text/plain"
FORM = "multipart/form-data"


@dataclass(frozen=True)
class Operation:
    """What one method of one route takes and answers; `needed` names parameters that must be there."""

    summary: str
    answers: Mapping[int, Content]
    body: Content = ()
    query: Mapping[str, Schema] = field(default_factory=dict)
    needed: frozenset[str] = frozenset()
    headers: Mapping[str, Schema] = field(default_factory=dict)
    in_path: Mapping[str, Schema] = field(default_factory=dict)

    @property
    def description(self) -> str:
        """What else has to be known of it, if anything."""
        return ""


@dataclass(frozen=True)
class Described:
    """An operation, where it is, and what opens it."""

    path: str
    method: str
    operation: Operation
    security: Schema | None = None


def whole(minimum: int, maximum: int) -> Schema:
    """Return the schema of a whole number."""
    return {"type": "integer", "minimum": minimum, "maximum": maximum}


def document(
    info: Schema, schemes: Schema, described: Iterable[Described], told: Mapping[str, type[msgspec.Struct]] | None = None
) -> Schema:
    """Return the whole document; `told` are the messages that are sent unasked, by their name."""
    told, all_described = told or {}, list(described)
    contents = [content for one in all_described for content in (one.operation.body, *one.operation.answers.values())]
    messages: set[type[msgspec.Struct]] = {ErrorMessage, *told.values()}
    messages.update(part for content in contents for part in content if not isinstance(part, str))
    listed = sorted(messages, key=lambda message: message.__name__)
    references, components = msgspec.json.schema_components(listed, ref_template="#/components/schemas/{name}")
    by_message = dict(zip(listed, references, strict=True))
    paths: Schema = {}
    for one in all_described:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, by_message)
    license_ = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
    return {
        "openapi": "3.1.0",
        "info": {"version": "1", "license": license_, **info},
        "paths": paths,
        **({"webhooks": {name: _webhook(message, by_message) for name, message in told.items()}} if told else {}),
        "components": {"schemas": components, "securitySchemes": schemes},
    }


def _operation(one: Described, references: Mapping[type, Schema]) -> Schema:
    operation = one.operation
    written: Schema = {"summary": operation.summary, "responses": _responses(operation, references)}
    if one.security is not None:
        written["security"] = [one.security]
    if operation.description:
        written["description"] = operation.description
    parameters = [
        {"name": name, "in": place, "required": place == "path" or name in operation.needed, "schema": schema}
        for place, named in (("path", operation.in_path), ("query", operation.query), ("header", operation.headers))
        for name, schema in named.items()
    ]
    if parameters:
        written["parameters"] = parameters
    if operation.body:
        written["requestBody"] = {"required": True, "content": _content(operation.body, references)}
    return written


def _responses(operation: Operation, references: Mapping[type, Schema]) -> Schema:
    answers: Schema = {}
    for status, content in operation.answers.items():
        answers[str(status)] = {"description": operation.summary} | ({"content": _content(content, references)} if content else {})
    refused = {"description": "Refused, with a stable code: docs/errors.md", "content": _content((ErrorMessage,), references)}
    failed = refused | {"description": "Nothing was changed; try again as `Retry-After` says, or in a minute"}
    return answers | {"4XX": refused, "5XX": failed}


def _webhook(message: type, references: Mapping[type, Schema]) -> Schema:
    body = {"required": True, "content": {JSON: {"schema": references[message]}}}
    return {"post": {"requestBody": body, "responses": {"2XX": {"description": "Taken; anything else is sent again"}}}}


def _content(content: Content, references: Mapping[type, Schema]) -> Schema:
    messages = [references[part] for part in content if not isinstance(part, str)]
    written: Schema = {part: {"schema": _raw(part)} for part in content if isinstance(part, str)}
    if messages:
        written[JSON] = {"schema": messages[0] if len(messages) == 1 else {"anyOf": messages}}
    return written


def _raw(content_type: str) -> Schema:
    if content_type == FORM:
        return {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}, "required": ["file"]}
    return {"type": "string"} if content_type == TEXT else {"type": "string", "format": "binary"}
