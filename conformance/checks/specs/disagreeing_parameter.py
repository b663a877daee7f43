"""The check `disagreeing-parameter`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from conformance.model.audit import Blame, Confidence, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import OK
from conformance.openapi.flaws import flaw, setting
from conformance.openapi.objects import Kind, Node
from conformance.openapi.survey import OperationNode, Survey
from conformance.schemas.audited import Audited

_KEYWORDS: Final = ("pattern", "format", "type", "default", "minimum", "maximum", "minLength", "maxLength")
_FEW: Final = 3
_Uses = list[tuple[OperationNode, Node]]


def _document(*schemas: dict[str, Any]) -> dict[str, Any]:
    return {
        "paths": {
            f"/{index}": {"get": {"parameters": [{"name": "size", "in": "query", "schema": schema}], "responses": OK}}
            for index, schema in enumerate(schemas)
        }
    }


def _instance(*schemas: dict[str, Any]) -> dict[str, Any]:
    return {
        "paths": {
            "/{id}": {
                method: {
                    "parameters": [{"name": "id", "in": "path", "required": True, "schema": schema}],
                    "responses": OK,
                }
                for method, schema in zip(("get", "put", "post"), schemas, strict=False)
            }
        }
    }


@audit(
    technique=Technique.STRUCTURE,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(
            title="the same everywhere", document=_document(*[{"type": "integer", "default": 50, "maximum": 100}] * 3)
        ),
        DocumentExample(
            title="text means something else everywhere",
            document=_document({"type": "string", "pattern": "^a"}, {"type": "string"}, {"type": "string"}),
        ),
    ],
    objects_to=[
        DocumentExample(
            title="one of three has a default",
            document=_document({"type": "integer", "default": 50}, {"type": "integer"}, {"type": "integer"}),
            at=("/paths/~11/get/parameters/0/schema",),
        ),
        DocumentExample(
            title="one method of a path lets everything pass",
            document=_instance(
                {"type": "string"}, {"type": "string", "pattern": "^a"}, {"type": "string", "pattern": "^a"}
            ),
            at=("/paths/~1{id}/get/parameters/0/schema",),
        ),
    ],
)
def disagreeing_parameter(audited: Audited) -> Iterator[Problem]:
    """The same parameter is described in two ways.

    The methods of one path share their path parameters, and a number such as the size of a page means the same in every
    list. Where one description says more than another, the other one lacks it, or one is wrong.
    """
    survey = audited.survey
    for group in _groups(survey):
        said = {keyword: value for keyword in _KEYWORDS if (value := _only_value(survey, group, keyword)) is not None}
        for schema in {schema.pointer: schema for _, schema in group}.values():
            lacking = {keyword: value for keyword, value in said.items() if survey.view(schema).get(keyword) is None}
            if lacking:
                yield _said(survey, group, schema, lacking)


def _groups(survey: Survey) -> Iterator[_Uses]:
    """Uses of one path parameter under one path, and of one number in three operations or more."""
    by_path: dict[tuple[str, str], _Uses] = defaultdict(list)
    by_name: dict[str, _Uses] = defaultdict(list)
    for operation in survey.operations:
        for parameter in operation.parameters:
            schema = survey.schema(parameter)
            if schema is None or not isinstance(schema.value, dict):
                continue
            if parameter.get("in") == "path":
                by_path[operation.path, str(parameter.get("name"))].append((operation, schema))
            elif parameter.get("in") == "query" and survey.view(schema).type in {"integer", "number"}:
                by_name[str(parameter.get("name"))].append((operation, schema))
    yield from by_path.values()
    yield from (uses for uses in by_name.values() if len(uses) >= _FEW)


def _only_value(survey: Survey, uses: _Uses, keyword: str) -> Any:
    """What all who say something of a keyword say; None where they disagree, or nobody says anything."""
    values = [value for _, schema in uses if (value := survey.view(schema).get(keyword)) is not None]
    return values[0] if values and all(value == values[0] for value in values) else None


def _said(survey: Survey, uses: _Uses, schema: Node, lacking: dict[str, Any]) -> Problem:
    first = next(iter(lacking))
    parameter = schema.parent
    name = parameter.get("name") if parameter else ""
    having = [other for _, other in uses if survey.view(other).get(first) is not None]
    told = " and ".join(f"{keyword} {value}" for keyword, value in lacking.items())
    samples = tuple(Witness(source=other.pointer, value=lacking[first]) for other in having[:3])
    grounds = Grounds(
        confidence=Confidence.MEDIUM,
        blame=Blame.UNDECIDED,
        evidence=(Evidence(what=f"{name} with {first}", count=len(having), of=len(uses), samples=samples),),
        cause=f"{_scope(schema)}: {name} without {', '.join(lacking)}",
        edits=tuple(setting(schema, keyword, value) for keyword, value in lacking.items()),
        remedy=f"{name} has {told} everywhere.",
    )
    message = f"{name} has no {', '.join(lacking)} here; in {len(having)} of {len(uses)} operations it has {told}"
    return flaw(schema, message, keyword=first, expected=lacking, grounds=grounds)


def _scope(schema: Node) -> str:
    """What one cause covers: a path for path parameters, the document for others."""
    parameter = schema.parent
    if parameter is None or parameter.get("in") != "path":
        return "document"
    return next((node.pointer for node in schema.ancestors() if node.kind is Kind.PATH_ITEM), "document")
