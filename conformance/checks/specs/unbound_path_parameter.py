"""The check `unbound-path-parameter`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from conformance.model.audit import Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import path
from conformance.openapi.flaws import flaw, setting
from conformance.openapi.survey import OperationNode
from conformance.schemas.audited import Audited

_TEMPLATE = re.compile(r"\{([^{}/]+)\}")


def _document(template: str, *names: str, **fields: Any) -> dict[str, Any]:
    plain = {"in": "path", "required": True, "schema": {"type": "string"}, **fields}
    return path(template, parameters=[{"name": name, **plain} for name in names])


@audit(
    technique=Technique.STRUCTURE,
    severity=Severity.ERROR,
    accepts=[DocumentExample(title="a parameter for each name", document=_document("/{a}/{b}", "a", "b"))],
    objects_to=[
        DocumentExample(
            title="a name without a parameter", document=_document("/{a}/{b}", "a"), at=("/paths/~1{a}~1{b}/get",)
        ),
        DocumentExample(
            title="a parameter without a name in the path",
            document=_document("/{a}", "a", "b"),
            at=("/paths/~1{a}/get/parameters/1/name",),
        ),
        DocumentExample(
            title="a path parameter that is not required",
            document=_document("/{a}", "a", required=False),
            at=("/paths/~1{a}/get/parameters/0/required",),
        ),
    ],
)
def unbound_path_parameter(audited: Audited) -> Iterator[Problem]:
    """The names in a path template and the path parameters of its operation are not the same.

    OpenAPI (3.1.1, 4.8.8 and 4.8.12) asks for one required parameter for each name; without it no URL can be built.
    """
    for operation in audited.survey.operations:
        yield from _unbound(operation)


def _unbound(operation: OperationNode) -> Iterator[Problem]:
    declared = {node.get("name"): node for node in operation.parameters if node.get("in") == "path"}
    named = _TEMPLATE.findall(operation.path)
    for name in dict.fromkeys(named):
        if name not in declared:
            yield flaw(operation.node, f"{{{name}}} has no path parameter", keyword="parameter", actual=name)
    for name, node in declared.items():
        if name not in named:
            yield flaw(node, f"the path has no {{{name}}}", keyword="name", actual=name)
        elif node.get("required") is not True:
            grounds = Grounds(edits=(setting(node, "required", value=True),), remedy="A path parameter is required.")
            yield flaw(node, f"the path parameter {name} is not `required: true`", keyword="required", grounds=grounds)
