"""The check `ambiguous-path`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

from conformance.model.audit import Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import OK
from conformance.openapi.changes import shape
from conformance.openapi.flaws import flaw
from conformance.openapi.survey import OperationNode, Survey
from conformance.schemas.audited import Audited

_TEMPLATE = re.compile(r"\{([^{}/]+)\}")


def _get(*names: str, pattern: str | None = None) -> dict[str, object]:
    schema = {"type": "string", **({"pattern": pattern} if pattern else {})}
    parameters = [{"name": name, "in": "path", "required": True, "schema": schema} for name in names]
    return {"get": {"parameters": parameters, "responses": OK}}


@audit(
    technique=Technique.STRUCTURE,
    severity=Severity.ERROR,
    accepts=[
        DocumentExample(
            title="a literal beside a template: the literal comes first",
            document={"paths": {"/a/{x}": _get("x"), "/a/b": _get()}},
        ),
        DocumentExample(
            title="a pattern keeps the two apart",
            document={"paths": {"/{x}/b": _get("x", pattern="^AC[0-9a-f]{32}$"), "/a/{y}": _get("y")}},
        ),
    ],
    objects_to=[
        DocumentExample(
            title="two templates that differ in a name only",
            document={"paths": {"/a/{x}": _get("x"), "/a/{y}": _get("y")}},
            at=("/paths/~1a~1{y}",),
        ),
        DocumentExample(
            title="two templates that both fit /a/b",
            document={"paths": {"/{x}/b": _get("x"), "/a/{y}": _get("y")}},
            at=("/paths/~1a~1{y}",),
        ),
    ],
)
def ambiguous_path(audited: Audited) -> Iterator[Problem]:
    """One URL fits two path templates, and nothing says which comes first.

    OpenAPI (3.1.1, 4.8.8.2) forbids templates that differ in the names of their parameters only, and leaves it to each
    tool to choose where neither template is the more literal one.
    """
    survey = audited.survey
    first = {operation.path: operation for operation in reversed(survey.operations)}
    for one, other in combinations(reversed(first.values()), 2):
        if not {*one.servers} & {*other.servers}:
            continue
        if shape(one.path) == shape(other.path):
            yield flaw(other.item, f"{other.path} and {one.path} are the same template", keyword="path")
        elif _overlap(one, other, survey):
            yield flaw(other.item, f"{other.path} and {one.path} fit the same URLs", keyword="path")


def _overlap(one: OperationNode, other: OperationNode, survey: Survey) -> bool:
    left, right = one.path.split("/"), other.path.split("/")
    if len(left) != len(right):
        return False
    wins = set()
    for mine, theirs in zip(left, right, strict=True):
        if mine == theirs or ("{" in mine and "{" in theirs):
            continue
        if "{" in mine and _fits(theirs, mine, one, survey):
            wins.add("right")
        elif "{" in theirs and _fits(mine, theirs, other, survey):
            wins.add("left")
        else:
            return False
    return len(wins) > 1


def _fits(literal: str, template: str, operation: OperationNode, survey: Survey) -> bool:
    """Tell whether a literal segment fits a template and the patterns of its parameters."""
    names = _TEMPLATE.findall(template)
    parts = _TEMPLATE.split(template)
    expression = "".join(re.escape(part) if index % 2 == 0 else "(.+?)" for index, part in enumerate(parts))
    found = re.fullmatch(expression, literal)
    if found is None:
        return False
    for name, text in zip(names, found.groups(), strict=True):
        parameter = operation.parameter("path", name)
        schema = survey.schema(parameter) if parameter else None
        pattern = survey.view(schema).get("pattern") if schema else None
        if isinstance(pattern, str) and not _matches(pattern, text):
            return False
    return True


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return True
