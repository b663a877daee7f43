"""The check `undeclared-example-field`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.model.audit import Confidence, Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, component
from conformance.openapi.document import escape
from conformance.openapi.examples import examples
from conformance.openapi.flaws import flaw
from conformance.openapi.objects import Node
from conformance.openapi.survey import Survey
from conformance.schemas.audited import Audited

_DEPTH = 32


def _document(example: Any) -> dict[str, Any]:
    return component({"type": "object", "properties": {"name": {"type": "string"}}, "example": example})


@audit(
    technique=Technique.SEMANTICS,
    severity=Severity.WARNING,
    accepts=[DocumentExample(title="a declared field", document=_document({"name": "Ada"}))],
    objects_to=[
        DocumentExample(
            title="a field that the schema does not know",
            document=_document({"name": "Ada", "age": 36}),
            at=(f"{THING}/example/age",),
        ),
    ],
)
def undeclared_example_field(audited: Audited) -> Iterator[Problem]:
    """An example has a field that its schema does not declare.

    The field is left out of the schema, or misspelt in the example; a typed client drops it.
    """
    survey = audited.survey
    for example in examples(survey):
        for pointer, owner, name in _strange(survey, example.schema, example.value, example.pointer, 0):
            grounds = Grounds(confidence=Confidence.MEDIUM, cause=f"{owner.pointer} {name}")
            message = f"the schema does not declare {name!r}, the example has it"
            yield flaw(pointer, message, keyword="field", actual=name, grounds=grounds)


def _strange(
    survey: Survey, schema: Node, value: Any, pointer: str, depth: int
) -> Iterator[tuple[str, Node, str]]:  # fmt: skip
    schema = survey.plain(schema)
    if isinstance(value, list):
        inner = survey.items(schema)
        for index, item in enumerate(value if inner is not None and depth < _DEPTH else ()):
            yield from _strange(survey, inner, item, f"{pointer}/{index}", depth + 1)  # type: ignore[arg-type] # not None
    elif isinstance(value, Mapping):
        declared = survey.properties(schema)
        is_closed = bool(declared) and not survey.view(schema).has("additionalProperties")
        for name, inner_value in value.items():
            place = f"{pointer}/{escape(name)}"
            if name in declared and depth < _DEPTH:
                yield from _strange(survey, declared[name], inner_value, place, depth + 1)
            elif is_closed:
                yield place, schema, name
