"""The check `example-outside-schema`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Blame, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, content, path, thing
from conformance.openapi.examples import examples
from conformance.openapi.flaws import flaw
from conformance.schemas.audited import Audited

_AGE = {"type": "object", "properties": {"age": {"type": "integer"}}}


@audit(
    technique=Technique.SEMANTICS,
    severity=Severity.ERROR,
    accepts=[DocumentExample(title="an example that fits", document=thing(age={"type": "integer", "example": 5}))],
    objects_to=[
        DocumentExample(
            title="an example of another type",
            document=thing(age={"type": "integer", "example": "5"}),
            at=(f"{THING}/properties/age/example",),
        ),
        DocumentExample(
            title="null in the example of a body",
            document=path(
                responses={
                    "200": {
                        "description": "OK",
                        "content": {
                            "application/json": {
                                **content(_AGE)["application/json"],
                                "examples": {"old": {"value": {"age": None}}},
                            }
                        },
                    }
                }
            ),
            at=("/paths/~1things/get/responses/200/content/application~1json/examples/old/value/age",),
        ),
    ],
)
def example_outside_schema(audited: Audited) -> Iterator[Problem]:
    """An example breaks the schema that it shows.

    A reader copies the example, a mock server answers with it. Which of the two is right, the document cannot say.
    """
    for example in examples(audited.survey):
        for problem in audited.objections(example.schema, example.value):
            pointer = f"{example.pointer}{problem.instance_pointer}"
            what = Evidence(what="the schema", samples=(Witness(source=problem.spec_pointer, value=problem.expected),))
            grounds = Grounds(blame=Blame.UNDECIDED, evidence=(what,), cause=_cause(problem))
            message = f"the example breaks its schema: {problem.message}"
            yield flaw(pointer, message, keyword="example", expected=problem.expected, actual=problem.actual,
                       grounds=grounds)  # fmt: skip


def _cause(problem: Problem) -> str:
    """One disagreement may be seen in many examples: the keyword and the value make the cause."""
    return f"{problem.spec_pointer} {problem.actual!r}"
