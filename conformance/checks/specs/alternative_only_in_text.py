"""The check `alternative-only-in-text`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.model.audit import Confidence, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import BODY, asking
from conformance.openapi import prose
from conformance.openapi.flaws import appending, flaw
from conformance.openapi.objects import Node
from conformance.openapi.survey import OperationNode, Survey
from conformance.schemas.audited import Audited

_ASKING: Final = re.compile(
    r"\b(?:provide|specify|specifies|requires?|supply|give|include|instead of)\b", re.IGNORECASE
)
_EITHER: Final = re.compile(r"(?P<left>`?[\w ]{2,40}?`?) or (?:an? |the )?(?P<right>`?[\w ]{2,40}`?)")
_INSTEAD: Final = re.compile(
    r"\bprovide (?:an? |the )?(?P<left>[\w ]{2,40}?) instead of (?:providing )?(?:an? |the )?(?P<right>[\w ]{2,40})"
)


def _document(description: str, **more: Any) -> dict[str, Any]:
    properties = {
        "Body": {"type": "string"},
        "MediaUrl": {"type": "string", "description": "Media URL to send."},
        "To": {"type": "string"},
    }
    document = asking({"type": "object", "required": ["To"], "properties": properties, **more})
    document["paths"]["/things"]["post"]["description"] = description
    return document


@audit(
    technique=Technique.TEXT,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(
            title="the schema says it too",
            document=_document(
                "Send a message. Specify a body or media URL.",
                anyOf=[{"required": ["Body"]}, {"required": ["MediaUrl"]}],
            ),
        ),
        DocumentExample(title="words that are no fields", document=_document("Send a text or picture to a phone.")),
    ],
    objects_to=[
        DocumentExample(
            title="a body or media",
            document=_document("Send a message. Specify the recipient, and body or media URL."),
            at=(BODY,),
        ),
    ],
)
def alternative_only_in_text(audited: Audited) -> Iterator[Problem]:
    """A description asks for one of several fields, the schema for none of them.

    The server refuses a request without any; the schema accepts it. JSON Schema says `anyOf` with a `required` each.
    """
    survey = audited.survey
    for operation in survey.operations:
        for schema in survey.bodies(operation.body).values():
            properties = survey.properties(schema)
            for names, source, phrase in _alternatives(operation, properties):
                if not _said(survey, schema, names):
                    yield _problem(survey, schema, names, source, phrase)


def _alternatives(
    operation: OperationNode, properties: Mapping[str, Node]
) -> Iterator[tuple[tuple[str, ...], str, str]]:
    extension = operation.node.get("x-twilio")
    conditions = extension.get("conditional") if isinstance(extension, Mapping) else None
    fields = {_bare(name): name for name in properties}
    for condition in conditions if isinstance(conditions, list) else ():
        names = tuple(fields[_bare(str(each))] for each in condition if _bare(str(each)) in fields)
        if len(names) > 1 and len(names) == len(condition):
            yield (
                names,
                f"{operation.node.pointer}/x-twilio/conditional",
                f"conditional: {', '.join(map(str, condition))}",
            )
    for pointer, text in _texts(operation, properties):
        for sentence in prose.sentences(text):
            if not _ASKING.search(sentence):
                continue
            for match in (*_EITHER.finditer(sentence), *_INSTEAD.finditer(sentence)):
                left = _field(_tails(match["left"]), properties)
                right = _field(_heads(match["right"]), properties)
                if left is not None and right is not None and left != right:
                    yield tuple(sorted((left, right))), pointer, match.group()


def _texts(operation: OperationNode, properties: Mapping[str, Node]) -> Iterator[tuple[str, str]]:
    for node in (operation.node, *properties.values()):
        text = node.get("description")
        if isinstance(text, str):
            yield node.at("description"), text


def _field(candidates: Iterator[str], properties: Mapping[str, Node]) -> str | None:
    """The property that some words mean: its name, or the first words of its description."""
    told = list(candidates)
    for words in told:
        for name, node in properties.items():
            text = str(node.get("description") or "").lower()
            if _bare(name) == _bare(words) or (" " in words and text.startswith(f"{words.lower()} ")):
                return name
    return None


def _tails(words: str) -> Iterator[str]:
    parts = words.strip("` ").split()
    return (" ".join(parts[start:]) for start in range(len(parts)))


def _heads(words: str) -> Iterator[str]:
    parts = words.strip("` ").split()
    return (" ".join(parts[:end]) for end in range(len(parts), 0, -1))


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _said(survey: Survey, schema: Node, names: tuple[str, ...]) -> bool:
    """Tell whether the schema asks for one of the fields already."""
    if any(name in survey.required(schema) for name in names):
        return True
    for part in survey.view(schema).parts:
        for branch in survey.children(part, "anyOf", "oneOf"):
            if set(survey.required(branch)) & set(names):
                return True
    return False


def _problem(survey: Survey, schema: Node, names: tuple[str, ...], source: str, phrase: str) -> Problem:
    owner = survey.plain(schema)
    union = [{"required": [name]} for name in names]
    grounds = Grounds(
        confidence=Confidence.MEDIUM,
        evidence=(Evidence(what="the text", samples=(Witness(source=source, value=phrase),)),),
        cause=f"{owner.pointer}: {' or '.join(names)}",
        edits=(appending(f"{owner.pointer}/allOf", {"anyOf": union}),) if source.endswith("/conditional") else (),
        remedy=f"One of {', '.join(names)} is required.",
    )
    message = f"the text asks for {' or '.join(names)}, the schema for neither"
    return flaw(owner, message, keyword="requirement", expected=list(names), actual=min(names), grounds=grounds)
