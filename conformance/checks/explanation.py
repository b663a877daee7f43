"""A check as a page of its own documentation."""

from __future__ import annotations

import json
from collections.abc import Iterator

from conformance.model.rule import ABSENT, Check, Example


def explanation(check: Check) -> str:
    """Give the page of a check as plain text."""
    lines = [check.id, "=" * len(check.id), check.title, "", check.explanation, ""]
    lines.append(
        f"Severity: {check.severity.value}. Subject: {check.subject.value}. Stage: {check.stage.name.lower()}."
    )
    for heading, examples in (("Objects to", check.bad), ("Accepts", check.good)):
        lines += ["", f"{heading}:"]
        for example in examples:
            lines += [f"  {example.title}", *(f"      {line}" for line in _shown(example))]
    return "\n".join(lines)


def _shown(example: Example) -> Iterator[str]:
    yield f"{example.request_method or example.method} {example.url}"
    if example.request_body:
        yield str(example.request_body)
    if example.expected is not None:
        yield f"({example.expected.message or example.expected.label}; to {example.expected.expect.value})"
    yield f"→ {example.status}"
    if example.response_body is not ABSENT:
        body = example.response_body
        yield body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
