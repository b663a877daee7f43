"""The check `limit-contradicts-text`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from conformance.model.audit import Blame, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, query, thing
from conformance.openapi import prose
from conformance.openapi.flaws import flaw
from conformance.openapi.stated_limits import stated
from conformance.openapi.survey import OperationNode
from conformance.schemas.audited import Audited

_PER_PAGE: Final = re.compile(
    r"(?:maximum|max|up to|at most)(?: of)? (\d[\d,]*) (?:records|items|results|resources|entries)"
    r"(?: will be| are)?(?: returned)? per page",
    re.IGNORECASE,
)
_SIZES: Final = ("PageSize", "page_size", "pageSize", "per_page", "limit", "Limit", "Size", "size")


@audit(
    technique=Technique.TEXT,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(
            title="text and schema agree",
            document=thing(name={"type": "string", "maxLength": 64, "description": "A name, up to 64 characters."}),
        ),
    ],
    objects_to=[
        DocumentExample(
            title="64 in the text, 32 in the schema",
            document=thing(name={"type": "string", "maxLength": 32, "description": "A name, up to 64 characters."}),
            at=(f"{THING}/properties/name/maxLength",),
        ),
        DocumentExample(
            title="the description of a list against its parameter",
            document={
                "paths": {
                    "/things": {
                        "get": {
                            **query("PageSize", {"type": "integer", "maximum": 1000})["paths"]["/things"]["get"],
                            "description": "List things. A maximum of 100 records will be returned per page.",
                        }
                    }
                }
            },
            at=("/paths/~1things/get/description",),
        ),
    ],
)
def limit_contradicts_text(audited: Audited) -> Iterator[Problem]:
    """A description names another limit than the schema has.

    One of the two is wrong, and whoever trusts it is refused or wastes what is allowed.
    """
    survey = audited.survey
    for found in prose.described(survey):
        view = survey.view(found.schema)
        for keyword, value, phrase in stated(survey, found):
            declared = view.get(keyword)
            if declared is not None and declared != value:
                message = f"{found.name}: the text says {phrase!r}, the schema has {keyword} {declared}"
                evidence = Evidence(what="the text", samples=(Witness(source=found.pointer, value=phrase),))
                grounds = Grounds(blame=Blame.SPEC, evidence=(evidence,), cause=prose.cause(found, keyword))
                yield flaw(
                    view.owner(keyword), message, keyword=keyword, expected=value, actual=declared, grounds=grounds
                )
    for operation in survey.operations:
        yield from _pages(audited, operation)


def _pages(audited: Audited, operation: OperationNode) -> Iterator[Problem]:
    """An operation that says how many records a page has."""
    text = operation.node.get("description")
    match = _PER_PAGE.search(text) if isinstance(text, str) else None
    parameter = next((found for name in _SIZES if (found := operation.parameter("query", name))), None)
    schema = audited.survey.schema(parameter) if parameter else None
    declared = audited.survey.view(schema).get("maximum") if schema else None
    if match is None or declared is None or parameter is None or int(match[1].replace(",", "")) == declared:
        return
    message = f"the text says {match.group()!r}, {parameter.get('name')} allows {declared}"
    evidence = Evidence(what="the parameter", samples=(Witness(source=parameter.pointer, value=declared),))
    grounds = Grounds(evidence=(evidence,), cause=f"{match.group()} against {declared}")
    yield flaw(operation.node, message, keyword="description", expected=declared, actual=match[1], grounds=grounds)
