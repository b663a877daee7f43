"""The check `leading-zeros-lost`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from conformance.model.audit import Confidence, Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, thing
from conformance.openapi.flaws import flaw, setting
from conformance.openapi.objects import Kind
from conformance.schemas.audited import Audited

_DIGITS: Final = re.compile(
    r"(?:^|_|(?<=[a-z]))(?:pin|zip|zip_?code|post(?:al)?_?code|phone_?number|msisdn|iban|short_?code|isbn|account_?number)$",
    re.IGNORECASE,
)


@audit(
    technique=Technique.CONVENTION,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(title="a PIN is text", document=thing(pin={"type": "string"})),
        DocumentExample(title="a number", document=thing(page={"type": "integer"})),
    ],
    objects_to=[
        DocumentExample(
            title="a PIN that is a number",
            document=thing(port_out_pin={"type": "integer"}),
            at=(f"{THING}/properties/port_out_pin/type",),
        ),
    ],
)
def leading_zeros_lost(audited: Audited) -> Iterator[Problem]:
    """A PIN, a postal code or a phone number is a number, so that its leading zeros are lost.

    0123 and 123 are two PINs and one integer. What nobody calculates with is text.
    """
    survey = audited.survey
    for node in survey.of(Kind.SCHEMA):
        name = node.key if node.field == "properties" else ""
        if node.field == "schema" and node.parent is not None and node.parent.kind is Kind.PARAMETER:
            name = str(node.parent.get("name") or "")
        if _DIGITS.search(name) and survey.view(node).type in {"integer", "number"}:
            grounds = Grounds(
                confidence=Confidence.MEDIUM, edits=(setting(node, "type", "string"),), remedy=f"{name} is text."
            )  # fmt: skip
            yield flaw(node, f"{name} is a number, which loses leading zeros", keyword="type", expected="string",
                       actual=survey.view(node).type, grounds=grounds)  # fmt: skip
