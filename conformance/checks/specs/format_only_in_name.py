"""The check `format-only-in-name`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from conformance.model.audit import Confidence, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import QUERY, THING, query, thing
from conformance.openapi import prose
from conformance.openapi.examples import examples
from conformance.openapi.flaws import flaw, setting
from conformance.openapi.objects import Kind, Node
from conformance.openapi.survey import Survey
from conformance.schemas.audited import Audited

_NAMES: Final = (
    ("date-time", re.compile(r"^date_|_date$|_at$|_timestamp$|^Date[A-Z]?|Date$|(?:Created|Updated|Sent|Started|Ended)"
                             r"(?:Before|After|On)$")),
    ("uri", re.compile(r"(?:^|_)ur[l]$|[a-z]U(?:rl|RL)$|^Ur[l]$|_callback$|Callback$")),
    ("email", re.compile(r"(?:^|_)email$|[a-z]Email$|^Email$")),
)  # fmt: skip
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_FEW: Final = 2


@audit(
    technique=Technique.CONVENTION,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(title="a date", document=thing(date_created={"type": "string", "format": "date-time"})),
        DocumentExample(
            title="an example without the format",
            document=thing(email={"type": "string", "description": "The sender, ex: Robert."}),
        ),
        DocumentExample(title="text", document=thing(update={"type": "string"}, candidate={"type": "string"})),
    ],
    objects_to=[
        DocumentExample(
            title="a date without a format",
            document=thing(date_created={"type": "string"}),
            at=(f"{THING}/properties/date_created",),
        ),
        DocumentExample(
            title="a filter by day, by its example",
            document=query("CreatedBefore", {"type": "string"}, example="2025-05-05"),
            at=(f"{QUERY}/schema",),
        ),
        DocumentExample(
            title="a format that fields of the same name have",
            document=thing(
                country={"type": "string"},
                a={"type": "object", "properties": {"country": {"type": "string", "format": "iso-country-code"}}},
                b={"type": "object", "properties": {"country": {"type": "string", "format": "iso-country-code"}}},
            ),
            at=(f"{THING}/properties/country",),
        ),
    ],
)
def format_only_in_name(audited: Audited) -> Iterator[Problem]:
    """The name of a value says what it is (a date, a link, an e-mail address), the schema has no format.

    The schema lets any text pass, and a generator makes any text. A format is known by the name, or by the format that
    fields of the same name have.
    """
    survey = audited.survey
    named = list(_named(survey))
    usual = _usual(survey, named)
    shown = {example.schema.pointer: example.value for example in examples(survey)}
    for name, node in named:
        view = survey.view(node)
        if view.type != "string" or any(view.has(keyword) for keyword in ("format", "pattern", "enum", "const")):
            continue
        told = _agreed(usual.get(_bare(name), {})) or next((known for known, form in _NAMES if form.search(name)), None)
        if told is None or _shows_another(audited, node, told):
            continue
        if told == "date-time" and _DAY.fullmatch(str(shown.get(node.pointer))):
            told = "date"
        fields = usual.get(_bare(name), {}).get(told, [])
        samples = tuple(Witness(source=other.pointer, value=told) for other in fields[:3])
        evidence = (Evidence(what="fields of this name", count=len(samples), samples=samples),) if samples else ()
        grounds = Grounds(
            confidence=Confidence.MEDIUM if samples else Confidence.LOW,
            evidence=evidence,
            edits=(setting(node, "format", told),) if not node.reference else (),
            remedy=f"{name} has the format {told}.",
        )
        yield flaw(
            node, f"{name} has no format, its name says {told}", keyword="format", expected=told, grounds=grounds
        )


def _shows_another(audited: Audited, node: Node, name: str) -> bool:
    """Tell whether the text shows examples that do not have a format: `ex: USA` is no two-letter code."""
    texts = prose.examples(node.text("description"))
    return bool(texts) and not any(audited.has_format(name, text) for text in texts)


def _named(survey: Survey) -> Iterator[tuple[str, Node]]:
    for node in survey.of(Kind.SCHEMA):
        if node.field == "properties":
            yield node.key, node
        elif node.field == "schema" and node.parent is not None and node.parent.kind is Kind.PARAMETER:
            yield str(node.parent.get("name") or ""), node


def _usual(survey: Survey, named: list[tuple[str, Node]]) -> dict[str, dict[str, list[Node]]]:
    """The formats of each name, with the fields that have them."""
    found: dict[str, dict[str, list[Node]]] = {}
    for name, node in named:
        view = survey.view(node)
        declared = view.get("format")
        if isinstance(declared, str) and view.type == "string":
            found.setdefault(_bare(name), {}).setdefault(declared, []).append(node)
    return found


def _agreed(formats: dict[str, list[Node]]) -> str | None:
    """The format of a name where two fields or more have it and no other one has another."""
    if len(formats) != 1:
        return None
    ((declared, fields),) = formats.items()
    return declared if len(fields) >= _FEW else None


def _bare(name: str) -> str:
    return name.replace("_", "").lower()
