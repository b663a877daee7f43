"""The check `malformed-object`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.model.audit import Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import OK, path
from conformance.openapi.flaws import flaw
from conformance.openapi.objects import Kind, Node
from conformance.openapi.survey import Survey
from conformance.schemas.audited import Audited

_REQUIRED: Final[Mapping[Kind, Mapping[str, type]]] = {
    Kind.DOCUMENT: {"info": dict},
    Kind.INFO: {"title": str, "version": str},
    Kind.SERVER: {"url": str},
    Kind.TAG: {"name": str},
    Kind.PARAMETER: {"name": str, "in": str},
    Kind.REQUEST_BODY: {"content": dict},
    Kind.RESPONSE: {"description": str},
    Kind.SECURITY_SCHEME: {"type": str},
}
_REQUIRED_30: Final[Mapping[Kind, Mapping[str, type]]] = {
    Kind.DOCUMENT: {"paths": dict},
    Kind.OPERATION: {"responses": dict},
}
_KNOWN: Final = {
    (Kind.PARAMETER, "in"): frozenset({"cookie", "header", "path", "query"}),
    (Kind.SECURITY_SCHEME, "type"): frozenset({"apiKey", "http", "mutualTLS", "oauth2", "openIdConnect"}),
}
_BY_TYPE: Final = {
    "apiKey": ("name", "in"),
    "http": ("scheme",),
    "oauth2": ("flows",),
    "openIdConnect": ("openIdConnectUrl",),
}
_NAMES: Final = {dict: "an object", str: "text"}


@audit(
    technique=Technique.STRUCTURE,
    severity=Severity.ERROR,
    accepts=[DocumentExample(title="the least that is asked for", document=path())],
    objects_to=[
        DocumentExample(
            title="a response without a description",
            document=path(responses={"200": {}}),
            at=("/paths/~1things/get/responses/200",),
        ),
        DocumentExample(
            title="a parameter nowhere",
            document=path(parameters=[{"name": "a", "in": "body", "schema": {}}]),
            at=("/paths/~1things/get/parameters/0/in",),
        ),
        DocumentExample(
            title="a parameter without a schema",
            document=path(parameters=[{"name": "a", "in": "query"}]),
            at=("/paths/~1things/get/parameters/0",),
        ),
        DocumentExample(
            title="an operation that is text",
            document={"paths": {"/things": {"get": "later", "put": {"responses": OK}}}},
            at=("/paths/~1things",),
        ),
    ],
)
def malformed_object(audited: Audited) -> Iterator[Problem]:
    """An object lacks a member that OpenAPI requires, or has one of the wrong kind.

    Tools refuse such a document, or guess. What the members of schemas may be says `malformed-schema`.
    """
    survey = audited.survey
    for node in survey.nodes:
        if not isinstance(node.value, Mapping):
            if node.kind is not Kind.SCHEMA:
                yield flaw(node, f"a {node.kind.value} that is {type(node.value).__name__}", keyword="object")
            continue
        if node.kind is Kind.PATH_ITEM:
            yield from _operations(node)
        if "$ref" not in node.value:
            yield from _missing(survey, node)


def _operations(node: Node) -> Iterator[Problem]:
    for method in ("get", "put", "post", "delete", "options", "head", "patch", "trace"):
        if node.has(method) and not isinstance(node.value[method], Mapping):
            yield flaw(node.pointer, f"the operation {method} is no object", keyword="object", actual=method)


def _missing(survey: Survey, node: Node) -> Iterator[Problem]:
    wanted: dict[str, Any] = dict(_REQUIRED.get(node.kind, {}))
    if survey.is_30:
        wanted.update(_REQUIRED_30.get(node.kind, {}))
    for name, kind in wanted.items():
        if not node.has(name):
            yield flaw(node, f"the {node.kind.value} has no {name}", keyword=name)
        elif not isinstance(node.value[name], kind):
            yield flaw(node, f"{name} of the {node.kind.value} is not {_NAMES[kind]}", keyword=name)
        elif (node.kind, name) in _KNOWN and node.value[name] not in _KNOWN[node.kind, name]:
            known = ", ".join(sorted(_KNOWN[node.kind, name]))
            yield flaw(node, f"{name} is {node.value[name]!r}, not one of {known}", keyword=name)
    if node.kind in {Kind.PARAMETER, Kind.HEADER} and not node.has("schema") and not node.has("content"):
        yield flaw(node, f"the {node.kind.value} has neither schema nor content", keyword="schema")
    if node.kind is Kind.SECURITY_SCHEME:
        for name in _BY_TYPE.get(str(node.get("type")), ()):
            if not node.has(name):
                yield flaw(node, f"a scheme of the type {node.get('type')} has no {name}", keyword=name)
