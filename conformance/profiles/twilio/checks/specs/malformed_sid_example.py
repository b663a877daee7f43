"""The check `malformed-sid-example`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.model.audit import Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, component
from conformance.openapi.document import escape
from conformance.openapi.examples import examples
from conformance.openapi.flaws import flaw
from conformance.profiles.twilio.sids import SID
from conformance.profiles.twilio.surveys import is_twilios, named
from conformance.schemas.audited import Audited

_TWILIO: Final = {"servers": [{"url": "https://proxy.twilio.com/v1"}]}


def _document(sid: str) -> dict[str, Any]:
    return {
        **component({"type": "object", "properties": {"sid": {"type": "string"}}, "example": {"sid": sid}}),
        **_TWILIO,
    }


@audit(
    technique=Technique.CONVENTION,
    severity=Severity.WARNING,
    accepts=[DocumentExample(title="a SID", document=_document("CA" + "0" * 32))],
    objects_to=[
        DocumentExample(title="two digits too few", document=_document("CA" + "0" * 30), at=(f"{THING}/example/sid",)),
    ],
)
def malformed_sid_example(audited: Audited) -> Iterator[Problem]:
    """An example of a SID is no SID.

    A SID has two letters and 32 hexadecimal digits; an example with fewer is refused by whoever checks. Where the
    schema has a pattern, `example-outside-schema` says so.

    Source: https://www.twilio.com/docs/glossary/what-is-a-sid
    """
    survey = audited.survey
    for example in examples(survey) if is_twilios(survey) else ():
        name = named(example.schema)
        for place, key, value in _texts(example.value, example.pointer, name):
            is_odd = key.lower().endswith("sid") and bool(value) and SID.fullmatch(value) is None
            if is_odd and not audited.objections(example.schema, example.value):
                message = f"{value!r} is no SID: it has {len(value)} characters, a SID has 34"
                grounds = Grounds(cause=f"{key} {value}")
                yield flaw(place, message, keyword="example", actual=value, grounds=grounds)


def _texts(value: Any, pointer: str, name: str) -> Iterator[tuple[str, str, str]]:
    """The texts in an example, each with its place and its name."""
    if isinstance(value, str):
        yield pointer, name, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, f"{pointer}/{escape(key)}", key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, f"{pointer}/{index}", name)
