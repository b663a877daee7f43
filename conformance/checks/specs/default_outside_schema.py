"""The check `default-outside-schema`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, thing
from conformance.openapi.flaws import flaw
from conformance.openapi.objects import Kind
from conformance.schemas.audited import Audited


@audit(
    technique=Technique.SEMANTICS,
    severity=Severity.ERROR,
    accepts=[DocumentExample(title="a default that fits", document=thing(size={"type": "integer", "default": 50}))],
    objects_to=[
        DocumentExample(
            title="a default of another type",
            document=thing(size={"type": "integer", "default": "50"}),
            at=(f"{THING}/properties/size/default",),
        ),
        DocumentExample(
            title="a default that is no member of the enum",
            document=thing(status={"type": "string", "enum": ["on", "off"], "default": "unknown"}),
            at=(f"{THING}/properties/status/default",),
        ),
    ],
)
def default_outside_schema(audited: Audited) -> Iterator[Problem]:
    """The default breaks the schema that it stands in.

    A client that fills in the default sends what the description forbids. Either the default is wrong or the schema.
    """
    for node in audited.survey.of(Kind.SCHEMA):
        if node.has("default"):
            for problem in audited.objections(node, node.value["default"])[:1]:
                message = f"the default breaks its schema: {problem.message}"
                yield flaw(node, message, keyword="default", expected=problem.expected, actual=node.value["default"])
