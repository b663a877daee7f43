"""A page of Markdown for every check, made of its documentation and its examples.

`python -m conformance.checks.pages docs/checks` writes them anew.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from conformance import checks
from conformance.model.rule import ABSENT, Check, DocumentExample, Example, Subject

INDEX: Final = "README.md"
_HEADINGS: Final = {
    Subject.ROUTE: "Requests that belong to no operation",
    Subject.REQUEST: "Requests",
    Subject.RESPONSE: "Responses",
    Subject.MESSAGE: "Messages: each side of an exchange by itself",
    Subject.SESSION: "Sessions: exchanges that follow each other",
    Subject.CASE: "Answers to generated requests",
    Subject.SPEC: "Descriptions",
}
_MOST_STEPS: Final = 4
_LONGEST: Final = 1_500
"""Characters of a body."""
_MADE: Final = "<!-- Made by `python -m conformance.checks.pages docs/checks`; edit the check instead. -->"


def pages() -> dict[str, str]:
    """Give the text of every page by its file name, the index among them."""
    every = checks.every()
    return {INDEX: _index(every), **{f"{check.id}.md": page(check) for check in every}}


def page(check: Check) -> str:
    """Give the page of a check."""
    facts = [f"**Severity:** {check.severity.value}", f"**Looks at:** {check.subject.value}"]
    if check.technique is not None:
        facts.append(f"**Technique:** {check.technique.value}")
    else:
        facts.append(f"**Stage:** {check.stage.name.lower().replace('_', ' ')}")
    lines = [_MADE, f"# {check.id}", "", check.title, ""]
    if check.explanation:
        lines += [check.explanation, ""]
    lines += [" · ".join(facts), ""]
    groups: Mapping[str, tuple[Example | DocumentExample, ...]] = {
        "It objects to": (*check.bad, *check.objects_to),
        "It accepts": (*check.good, *check.accepts),
    }
    for heading, examples in groups.items():
        lines += [f"## {heading}", ""]
        for example in examples:
            lines += [f"### {example.title}", ""]
            shown = _exchange(example) if isinstance(example, Example) else _document(example)
            lines += [*shown, ""]
    return "\n".join(lines).rstrip() + "\n"


def _exchange(example: Example) -> Iterator[str]:
    if example.operation:
        yield "With this description:"
        yield ""
        operation = {example.path: {example.method.lower(): dict(example.operation)}}
        components = {"components": dict(example.components)} if example.components else {}
        yield from _fenced("yaml", _yaml({"paths": operation, **components}))
        yield ""
    if example.expected is not None:
        told = example.expected.message or example.expected.label
        yield f"The request was generated to {example.expected.expect.value}: {told}"
        yield ""
    shown = [*example.before[:_MOST_STEPS], example]
    if len(example.before) > _MOST_STEPS:
        yield f"{len(example.before)} exchanges before it, of which {_MOST_STEPS} are shown:"
        yield ""
    yield from _fenced("http", "\n\n".join("\n".join(_message(each)) for each in shown))


def _message(example: Example) -> Iterator[str]:
    yield f"{example.request_method or example.method} {example.url}"
    yield from (f"{name}: {value}" for name, value in example.request_headers.items())
    if example.request_body:
        yield ""
        yield _text(example.request_body)
    yield ""
    yield f"HTTP/1.1 {example.status}"
    if example.response_body is not ABSENT or example.response_headers:
        headers = example.response_headers
        usual = {"Content-Type": "application/json"}
        yield from (f"{name}: {value}" for name, value in (usual if headers is None else headers).items())
    if example.response_body is not ABSENT:
        yield ""
        yield _text(example.response_body)


def _text(body: Any) -> str:
    if isinstance(body, bytes):
        text = body.decode("utf-8", "backslashreplace")
    else:
        text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, indent=2)
    text = "".join(each if each.isprintable() or each == "\n" else ascii(each)[1:-1] for each in text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…\n({len(text):,} characters)"


def _document(example: DocumentExample) -> Iterator[str]:
    yield from _fenced("yaml", _yaml(example.document))
    for heading, documents in (
        ("Beside it", example.sisters),
        ("Another description of the same API", example.official),
    ):
        for document in documents:
            yield ""
            yield f"{heading}:"
            yield ""
            yield from _fenced("yaml", _yaml(document))
    for exchange in example.exchanges:
        yield ""
        yield "Seen on the wire:"
        yield ""
        yield from _fenced("json", json.dumps(exchange, ensure_ascii=False, indent=2))
    if example.at:
        yield ""
        yield f"Found at {', '.join(f'`{pointer}`' if pointer else 'the document' for pointer in example.at)}."


def _yaml(value: Any) -> str:
    plain = json.loads(json.dumps(value, default=dict))
    made: str = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=100)
    return made.rstrip()


def _fenced(language: str, text: str) -> Iterator[str]:
    fence = "````" if "```" in text else "```"
    yield f"{fence}{language}"
    yield text
    yield fence


def _index(every: tuple[Check, ...]) -> str:
    lines = [
        _MADE,
        "# Checks",
        "",
        f"{len(every)} checks, one page each. `conformance explain CHECK` shows the same.",
        "",
    ]
    for subject, heading in _HEADINGS.items():
        own = [check for check in every if check.subject is subject]
        if own:
            lines += [f"## {heading}", "", "| check | severity | finds |", "|---|---|---|"]
            lines += [f"| [{each.id}]({each.id}.md) | {each.severity.value} | {_cell(each.title)} |" for each in own]
            lines.append("")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def write(folder: Path) -> None:
    """Write every page, and remove those of checks that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    made = pages()
    for file in folder.glob("*.md"):
        if file.name not in made:
            file.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
