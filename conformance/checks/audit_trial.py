"""The example of an audit check as something that can be audited."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from conformance.model.http import Exchange, Headers, Request, Response, Source
from conformance.model.route import Match
from conformance.model.rule import DocumentExample
from conformance.openapi.changes import compared, paired_by_url
from conformance.openapi.document import Document, parse
from conformance.openapi.operations import build
from conformance.openapi.router import Router
from conformance.openapi.survey import Survey
from conformance.schemas.audited import Audited, Difference
from conformance.schemas.compiler import Compiler
from conformance.schemas.observed import Observed
from conformance.schemas.reading import Reader

_LEAST: Mapping[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Example", "version": "1"},
    "servers": [{"url": "https://api.example.com"}],
    "paths": {},
}


def document(data: Mapping[str, Any], name: str = "example") -> Document:
    """Give the document of an example, with the least that OpenAPI asks for."""
    return parse(json.dumps({**_LEAST, **data}, indent=1).encode(), path=f"{name}.json")


def audited(example: DocumentExample, compiler: Compiler | None = None) -> Audited:
    """Give the description of an example as an audit check gets it."""
    survey, held = Survey(document(example.document)), compiler or Compiler()
    sisters = tuple(Survey(document(data, f"sister{index}")) for index, data in enumerate(example.sisters))
    official = [Survey(document(data, f"official{index}")) for index, data in enumerate(example.official)]
    met = [(other, *compared(survey, other, paired_by_url(survey, other))) for other in official]
    differences = tuple(
        Difference(other=other.name, change=change, survey=other) for other, changes, _ in met for change in changes
    )
    return Audited(
        survey=survey,
        sisters=sisters,
        differences=differences if official else None,
        compared=frozenset(pointer for _, _, pointers in met for pointer in pointers),
        observed=_observed(survey, example, held) if example.exchanges else None,
        compiler=held,
        crowd=(survey, *sisters),
    )


def _observed(survey: Survey, example: DocumentExample, compiler: Compiler) -> Observed:
    operations = build(survey.document)
    router = Router(operations, parameter_fits=lambda _operation, _name: lambda _text: True)
    observed = Observed(survey)
    for index, data in enumerate(example.exchanges):
        fact = _exchange(data, index)
        found = router.match(fact.request.method, fact.request.url)
        if isinstance(found, Match):
            observed.add(Reader(found.operation, compiler).read(fact, found.path_parameters))
    return observed


def _exchange(data: Mapping[str, Any], index: int) -> Exchange:
    asked, answered = data["request"], data["response"]
    body = answered.get("body")
    return Exchange(
        id=str(data.get("id", f"e{index}")),
        request=Request(
            method=asked.get("method", "GET"),
            url=asked["url"],
            headers=Headers.of(asked.get("headers", {})),
            body=str(asked.get("body", "")).encode(),
        ),
        response=Response(
            status=answered.get("status", 200),
            headers=Headers.of(answered.get("headers", {"Content-Type": "application/json"})),
            body=b"" if body is None else json.dumps(body).encode(),
        ),
        source=Source(kind="example", path="example.ndjson", index=index),
    )
