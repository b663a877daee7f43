"""The check `broken-markup`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Confidence, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import path
from conformance.openapi.flaws import flaw
from conformance.openapi.spelling import breaks, texts
from conformance.schemas.audited import Audited


@audit(
    technique=Technique.TEXT,
    severity=Severity.NOTE,
    accepts=[DocumentExample(title="a link", document=path(description="See [the guide](https://x.test/a) (new)."))],
    objects_to=[
        DocumentExample(
            title="a link without its end",
            document=path(description="See [the guide](https://x.test/a."),
            at=("/paths/~1things/get/description",),
        ),
        DocumentExample(
            title="a bracket too many",
            document=path(description="See [the guide](https://x.test/a))."),
            at=("/paths/~1things/get/description",),
        ),
    ],
)
def broken_markup(audited: Audited) -> Iterator[Problem]:
    """The Markdown of a description is broken: a link without an end, a bracket or a quotation mark without a partner.

    Documentation shows the raw text instead of a link (OpenAPI 3.1.1, 4.4: descriptions are CommonMark).
    """
    for node, field, text in texts(audited.survey):
        found = breaks(text)
        if found:
            shown = "; ".join(f"{slip.found}: {slip.advice}" for slip in found)
            evidence = Evidence(
                what="the text", count=len(found), samples=(Witness(source=node.at(field), value=text),)
            )
            grounds = Grounds(confidence=Confidence.MEDIUM, evidence=(evidence,), cause=f"markup: {shown}")
            yield flaw(node.at(field), shown, keyword="markup", actual=shown, grounds=grounds)
