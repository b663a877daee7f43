"""What a reader needs to believe a finding: the exchange without secrets, and the lines around both places."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

from msgspec.structs import replace

from conformance.model import redact
from conformance.model.excerpt import Excerpt, around
from conformance.model.finding import Finding
from conformance.model.http import Exchange, Headers, Request, Source
from conformance.model.report import Sample
from conformance.model.rule import Side
from conformance.openapi.document import escape, shipped
from conformance.results import grounds

_LONGEST_BODY: Final = 16_384
_LONGEST_SHOWN: Final = 1024 * 1024
"""Bodies above this size are not laid out in lines."""
_DEEPEST: Final = 100

_Line = tuple[str | None, str]
"""The pointer of what starts on a line (None where nothing does), and its text."""


More = Callable[[Exchange], Mapping[str, Any]]
"""Gives what evidence says beyond the exchange: how its request is sent again."""


def nothing_more(_: Exchange) -> Mapping[str, Any]:
    """Say nothing beyond the exchange."""
    return {}


def sample(finding: Finding, exchange: Exchange | None, more: More = nothing_more) -> Sample:
    """Give one occurrence with its evidence, without secrets; findings about a document have none."""
    source = finding.source or Source(kind="", path="", index=0)
    safe = None if exchange is None else redact.exchange(exchange)
    problem = masked(finding).problem
    return Sample(
        exchange=finding.exchange_id,
        path=source.path,
        index=source.index,
        line=source.line,
        message=problem.message,
        instance_pointer=problem.instance_pointer,
        actual=problem.actual,
        evidence=None if safe is None or exchange is None else {**_evidence(safe), **more(exchange)},
        excerpt=None if safe is None else message_excerpt(safe, finding.side, finding.problem.instance_pointer),
    )


def evidence(exchange: Exchange) -> dict[str, Any]:
    """Give an exchange as JSON without secrets, long bodies cut."""
    return _evidence(redact.exchange(exchange))


def _evidence(safe: Exchange) -> dict[str, Any]:
    return {
        "request": {
            "method": safe.request.method,
            "url": safe.request.url,
            "headers": _pairs(safe.request.headers),
            "body": _shown(safe.request.body),
        },
        "response": {
            "status": safe.response.status,
            "headers": _pairs(safe.response.headers),
            "body": _shown(safe.response.body),
        },
    }


def _pairs(headers: Headers) -> list[list[str]]:
    return [list(pair) for pair in headers]


def _shown(body: bytes) -> str:
    text = body[:_LONGEST_BODY].decode("utf-8", "replace")
    return text if len(body) <= _LONGEST_BODY else f"{text}… ({len(body):,} bytes in all)"


def masked(finding: Finding) -> Finding:
    """Give a finding without secrets, its values as JSON."""
    problem = finding.problem
    message, actual = redact.said(problem.message, problem.actual, problem.instance_pointer)
    return replace(
        finding,
        problem=replace(
            problem,
            message=message,
            expected=plain(redact.value(problem.expected)),
            actual=plain(actual),
            grounds=None if problem.grounds is None else grounds.masked(problem.grounds),
        ),
    )


def plain(value: Any) -> Any:
    """Give a value as JSON has it: what JSON does not know becomes text."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if value - value == 0 else str(value)
        case Mapping():
            return {str(name): plain(content) for name, content in value.items()}
        case list() | tuple():
            return [plain(content) for content in value]
        case bytes():
            return value.decode("utf-8", "replace")
        case _:
            return str(value)


def spec_excerpt(finding: Finding) -> Excerpt | None:
    """Give the lines of the description around the place of a finding."""
    file = Path(finding.spec)
    if not file.is_file():
        file = shipped().parent / finding.spec
    try:
        lines = _lines(file, file.stat().st_mtime_ns)
    except OSError:
        return None
    return around(lines, finding.line, column=finding.column) if 0 < finding.line <= len(lines) else None


@lru_cache(maxsize=64)
def _lines(file: Path, _changed: int) -> tuple[str, ...]:
    return tuple(file.read_text(encoding="utf-8", errors="replace").splitlines())


def message_excerpt(safe: Exchange, side: Side, pointer: str) -> Excerpt | None:
    """Give the lines of a message around the place of a finding; the start line where it has no place of its own.

    Bodies are laid out as JSON or as one form field a line. A place that is not there marks what should hold it.
    """
    if side is Side.SPEC:
        return None
    lines = list(_request_lines(safe.request) if side is Side.REQUEST else _response_lines(safe))
    found = {place: number for number, (place, _) in reversed([*enumerate(lines, start=1)]) if place is not None}
    where = pointer
    while where not in found:
        where = where.rpartition("/")[0]
    return around([text for _, text in lines], found[where])


def _request_lines(request: Request) -> Iterator[_Line]:
    url, question, _ = request.url.partition("?")
    yield "", f"{request.method} {url}"
    if question:
        for index, (name, value) in enumerate(request.query_pairs):
            yield f"/query/{escape(name)}", f"    {'&' if index else '?'}{name}={value}"
    yield from _headers(request.headers)
    yield from _body(request.body, request.headers)


def _response_lines(safe: Exchange) -> Iterator[_Line]:
    response = safe.response
    yield "", f"HTTP {response.status} {response.reason}".rstrip()
    yield from _headers(response.headers)
    yield from _body(response.body, response.headers)


def _headers(headers: Headers) -> Iterator[_Line]:
    for name, value in headers:
        yield f"/header/{escape(name)}", f"{name}: {value}"


def _body(body: bytes, headers: Headers) -> Iterator[_Line]:
    if not body:
        return
    yield None, ""
    if len(body) > _LONGEST_SHOWN:
        yield None, f"({len(body):,} bytes)"
        return
    text = body.decode("utf-8", "replace")
    if "x-www-form-urlencoded" in (headers.get("Content-Type") or "").lower():
        for name, value in parse_qsl(text, keep_blank_values=True):
            yield f"/{escape(name)}", f"{name}={value}"
        return
    try:
        value = json.loads(text)
        yield from _laid_out(value, "", "", "", "")
    except (ValueError, RecursionError):
        for line in text.splitlines():
            yield None, line


def _laid_out(value: Any, pointer: str, indent: str, before: str, after: str) -> Iterator[_Line]:
    opened, closed = ("{", "}") if isinstance(value, dict) else ("[", "]")
    if not isinstance(value, dict | list) or not value or len(indent) > 2 * _DEEPEST:
        yield pointer, f"{indent}{before}{json.dumps(value, ensure_ascii=False)}{after}"
        return
    yield pointer, f"{indent}{before}{opened}"
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for index, (key, item) in enumerate(members):
        start = f"{json.dumps(key, ensure_ascii=False)}: " if isinstance(value, dict) else ""
        comma = "," if index < len(value) - 1 else ""
        yield from _laid_out(item, f"{pointer}/{escape(str(key))}", f"{indent}  ", start, comma)
    yield None, f"{indent}{closed}{after}"
