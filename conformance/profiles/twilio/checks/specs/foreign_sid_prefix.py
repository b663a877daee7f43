"""The check `foreign-sid-prefix`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from conformance.model.audit import Confidence, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import response
from conformance.openapi.flaws import flaw, setting
from conformance.openapi.objects import Node
from conformance.openapi.survey import OperationNode, Survey
from conformance.profiles.twilio.sids import prefixes_of_field, prefixes_of_pattern
from conformance.profiles.twilio.surveys import bare, is_twilios, pattern_of, sids
from conformance.schemas.audited import Audited

_TWILIO: Final = {"servers": [{"url": "https://proxy.twilio.com/v1"}]}
_SURE: Final = {"accountsid": ("AC",), "callsid": ("CA",), "conferencesid": ("CF",), "messagingservicesid": ("MG",)}


def _document(parameter: str, own: str, **more: str) -> dict[str, Any]:
    def sid(prefix: str) -> dict[str, str]:
        return {"type": "string", "pattern": f"^{prefix}[0-9a-fA-F]{{32}}$"}

    body = {"type": "object", "properties": {"sid": sid(own), **{name: sid(prefix) for name, prefix in more.items()}}}
    described = {"name": "Sid", "in": "path", "required": True, "schema": sid(parameter)}
    operation = {"parameters": [described], "responses": {"200": response(body)}}
    return {"paths": {"/Services/{Sid}": {"get": operation}}, **_TWILIO}


_BODY: Final = "/paths/~1Services~1{Sid}/get/responses/200/content/application~1json/schema/properties"


@audit(
    technique=Technique.CONVENTION,
    severity=Severity.ERROR,
    accepts=[DocumentExample(title="one prefix", document=_document("KS", "KS", account_sid="AC"))],
    objects_to=[
        DocumentExample(
            title="the path asks for one resource, the answer is another",
            document=_document("KS", "KC"),
            at=(f"{_BODY}/sid/pattern",),
        ),
        DocumentExample(
            title="an account with the prefix of a call",
            document=_document("KS", "KS", account_sid="CA"),
            at=(f"{_BODY}/account_sid/pattern",),
        ),
    ],
)
def foreign_sid_prefix(audited: Audited) -> Iterator[Problem]:
    """The pattern of a SID has the prefix of another resource.

    The SID of an answer has to be the one that the path asks for, and a name such as `account_sid` has one prefix
    everywhere. A client that follows the pattern never gets a match.

    Source: https://www.twilio.com/docs/glossary/what-is-a-sid
    """
    survey = audited.survey
    if not is_twilios(survey):
        return
    for operation in survey.operations:
        yield from _answered(survey, operation)
    for name, node in sids(survey):
        pattern = survey.view(node).get("pattern")
        prefixes = prefixes_of_pattern(pattern) if isinstance(pattern, str) else None
        known = _SURE.get(bare(name)) or prefixes_of_field(name)
        if prefixes and known and not set(prefixes) & set(known):
            yield _said(survey, node, f"{name} starts with {' or '.join(known)} everywhere", known, pattern)


def _answered(survey: Survey, operation: OperationNode) -> Iterator[Problem]:
    """The resource of a path against that of its answer."""
    last = operation.path.rstrip("/").rpartition("/")[2].removesuffix(".json")
    parameter = operation.parameter("path", last[1:-1]) if last.startswith("{") and last.endswith("}") else None
    schema = survey.schema(parameter) if parameter is not None else None
    asked = _prefixes(survey, schema)
    for response_node in operation.successes.values() if asked else ():
        for body in survey.bodies(response_node).values():
            own = survey.properties(body).get("sid")
            answered = _prefixes(survey, own)
            if own is not None and schema is not None and asked and answered and not set(asked) & set(answered):
                why = f"the path of {operation.operation_id or operation.path} asks for {' or '.join(asked)}"
                yield _said(survey, own, why, asked, schema.pointer)


def _prefixes(survey: Survey, node: Node | None) -> tuple[str, ...] | None:
    pattern = survey.view(node).get("pattern") if node is not None else None
    return prefixes_of_pattern(pattern) if isinstance(pattern, str) else None


def _said(survey: Survey, node: Node, why: str, prefixes: tuple[str, ...], source: Any) -> Problem:
    owner = survey.view(node).owner("pattern")
    grounds = Grounds(
        confidence=Confidence.MEDIUM,
        evidence=(Evidence(what=why, samples=(Witness(source=str(source), value=list(prefixes)),)),),
        edits=(setting(owner, "pattern", pattern_of(prefixes)),),
        remedy=f"It starts with {' or '.join(prefixes)}.",
    )
    return flaw(owner, f"{owner.get('pattern')}: {why}", keyword="pattern", expected=list(prefixes),
                actual=owner.get("pattern"), grounds=grounds)  # fmt: skip
