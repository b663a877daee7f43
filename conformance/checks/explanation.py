"""A check as a page of its own documentation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

import yaml

from conformance.model.rule import ABSENT, Check, DocumentExample, Example

_MOST_STEPS: Final = 8
_LONGEST: Final = 400


def explanation(check: Check) -> str:
    """Give the page of a check as plain text."""
    lines = [check.id, "=" * len(check.id), check.title, "", check.explanation, ""]
    last = f"Technique: {check.technique.value}" if check.technique else f"Stage: {check.stage.name.lower()}"
    lines.append(f"Severity: {check.severity.value}. Subject: {check.subject.value}. {last}.")
    if check.needs:
        lines.append(f"Applies to operations with {check.needs}.")
    if check.strict:
        lines.append("Speaks only with --strict, or where it is selected by name.")
    groups: dict[str, tuple[Example | DocumentExample, ...]] = {
        "Objects to": (*check.bad, *check.objects_to),
        "Accepts": (*check.good, *check.accepts),
    }
    for heading, examples in groups.items():
        lines += ["", f"{heading}:"]
        for example in examples:
            shown = _shown(example) if isinstance(example, Example) else _described(example)
            lines += [f"  {example.title}", *(f"      {line}" for line in shown)]
    return "\n".join(lines)


def _described(example: DocumentExample) -> Iterator[str]:
    text: str = yaml.safe_dump(example.document, sort_keys=False, default_flow_style=None, width=100)
    yield from text.splitlines()
    for heading, documents in (("beside", example.sisters), ("against", example.official)):
        for document in documents:
            yield f"{heading} {json.dumps(document, ensure_ascii=False)}"
    for exchange in example.exchanges:
        yield f"seen {json.dumps(exchange, ensure_ascii=False)}"
    yield from (f"→ {pointer or '(the document)'}" for pointer in example.at)


def _shown(example: Example) -> Iterator[str]:
    for step in example.before[:_MOST_STEPS]:
        yield from _shown(step)
    if len(example.before) > _MOST_STEPS:
        yield f"… {len(example.before) - _MOST_STEPS} more"
    yield f"{example.request_method or example.method} {example.url}"
    yield from (f"{name}: {value}" for name, value in example.request_headers.items())
    if example.request_body:
        yield _text(example.request_body)
    if example.expected is not None:
        yield f"({example.expected.message or example.expected.label}; to {example.expected.expect.value})"
    yield f"→ {example.status}"
    yield from (f"  {name}: {value}" for name, value in (example.response_headers or {}).items())
    if example.response_body is not ABSENT:
        body = example.response_body
        yield f"  {_text(body if isinstance(body, str | bytes) else json.dumps(body, ensure_ascii=False))}"


def _text(body: str | bytes) -> str:
    """Give a body as one line that any terminal can show."""
    text = ascii(body)[2:-1] if isinstance(body, bytes) else body.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
