"""A check as a page of its own documentation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from conformance.model.rule import ABSENT, Check, Example

_MOST_STEPS: Final = 8
_LONGEST: Final = 400


def explanation(check: Check) -> str:
    """Give the page of a check as plain text."""
    lines = [check.id, "=" * len(check.id), check.title, "", check.explanation, ""]
    lines.append(
        f"Severity: {check.severity.value}. Subject: {check.subject.value}. Stage: {check.stage.name.lower()}."
    )
    if check.needs:
        lines.append(f"Applies to operations with {check.needs}.")
    if check.strict:
        lines.append("Speaks only with --strict, or where it is selected by name.")
    for heading, examples in (("Objects to", check.bad), ("Accepts", check.good)):
        lines += ["", f"{heading}:"]
        for example in examples:
            lines += [f"  {example.title}", *(f"      {line}" for line in _shown(example))]
    return "\n".join(lines)


def _shown(example: Example) -> Iterator[str]:
    for step in example.before[:_MOST_STEPS]:
        yield from _shown(step)
    if len(example.before) > _MOST_STEPS:
        yield f"… {len(example.before) - _MOST_STEPS} more"
    yield f"{example.request_method or example.method} {example.url}"
    yield from (f"{name}: {value}" for name, value in example.request_headers.items())
    if example.request_body:
        yield _text(example.request_body)
    yield f"→ {example.status}"
    yield from (f"  {name}: {value}" for name, value in (example.response_headers or {}).items())
    if example.response_body is not ABSENT:
        body = example.response_body
        yield f"  {_text(body if isinstance(body, str | bytes) else json.dumps(body, ensure_ascii=False))}"


def _text(body: str | bytes) -> str:
    """Give a body as one line that any terminal can show."""
    text = ascii(body)[2:-1] if isinstance(body, bytes) else body.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
