"""The check `unknown-field`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from conformance.model.audit import Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, path, thing
from conformance.openapi.flaws import flaw
from conformance.openapi.keywords import OPENAPI_30, OPENAPI_31, SCHEMA_2020
from conformance.openapi.objects import FIELDS, METHODS, Kind, Node
from conformance.openapi.survey import Survey
from conformance.schemas.audited import Audited

_OWN: Final[Mapping[Kind, str]] = {
    Kind.DOCUMENT: "openapi jsonSchemaDialect externalDocs $self",
    Kind.INFO: "title summary description termsOfService contact license version",
    Kind.SERVER: "url description variables name",
    Kind.TAG: "name summary description externalDocs parent kind",
    Kind.PATH_ITEM: "$ref summary description additionalOperations query",
    Kind.OPERATION: "tags summary description externalDocs operationId deprecated",
    Kind.PARAMETER: "name in description required deprecated allowEmptyValue style explode allowReserved example",
    Kind.HEADER: "description required deprecated style explode allowReserved allowEmptyValue example",
    Kind.REQUEST_BODY: "description required",
    Kind.RESPONSE: "description summary",
    Kind.MEDIA_TYPE: "example itemSchema itemEncoding prefixEncoding",
    Kind.ENCODING: "contentType style explode allowReserved",
    Kind.EXAMPLE: "summary description value externalValue dataValue serializedValue",
    Kind.LINK: "operationRef operationId parameters requestBody description server",
    Kind.SECURITY_SCHEME: "type description name in scheme bearerFormat flows openIdConnectUrl deprecated",
    Kind.COMPONENTS: "mediaTypes",
}
_KNOWN: Final = {
    kind: frozenset({*names.split(), *FIELDS.get(kind, {}), *(METHODS if kind is Kind.PATH_ITEM else ())})
    for kind, names in _OWN.items()
}


@audit(
    technique=Technique.STRUCTURE,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(title="an extension", document=path(**{"x-maturity": "beta"})),
        DocumentExample(title="a keyword of one's own in OpenAPI 3.1", document=thing(name={"colour": "red"})),
    ],
    objects_to=[
        DocumentExample(
            title="a misspelt field of an operation",
            document=path(operationID="list"),
            at=("/paths/~1things/get/operationID",),
        ),
        DocumentExample(
            title="a misspelt keyword",
            document=thing(name={"type": "string", "maxLenght": 5}),
            at=(f"{THING}/properties/name/maxLenght",),
        ),
    ],
)
def unknown_field(audited: Audited) -> Iterator[Problem]:
    """An object has a member that OpenAPI does not know.

    Tools ignore it, so what the author meant does not hold. Extensions start with `x-`. OpenAPI 3.1 allows any keyword
    in a schema; there, only a name that looks like a misspelt keyword is a finding.
    """
    survey = audited.survey
    for node in survey.nodes:
        if isinstance(node.value, Mapping) and not node.reference:
            for name in _strange(survey, node):
                near = get_close_matches(name, _known(survey, node.kind) or (), n=1, cutoff=0.8)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                yield flaw(node, f"OpenAPI knows no {name!r} in a {node.kind.value}{hint}", keyword=name, actual=name)


def _strange(survey: Survey, node: Node) -> Iterator[str]:
    known = _known(survey, node.kind)
    for name in node.value if known is not None else ():
        if name in known or name.startswith("x-"):  # type: ignore[operator] # there is one
            continue
        if node.kind is Kind.SCHEMA and (name in SCHEMA_2020 or name in OPENAPI_30):
            continue
        if node.kind is not Kind.SCHEMA or survey.is_30 or get_close_matches(name, OPENAPI_31, n=1, cutoff=0.8):
            yield name


def _known(survey: Survey, kind: Kind) -> frozenset[str] | None:
    if kind is Kind.SCHEMA:
        return OPENAPI_30 if survey.is_30 else OPENAPI_31
    return _KNOWN.get(kind)
