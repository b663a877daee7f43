"""The check `unknown-security-scheme`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from conformance.model.audit import Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import path
from conformance.openapi.flaws import flaw
from conformance.openapi.objects import Kind
from conformance.schemas.audited import Audited

_BASIC = {"securitySchemes": {"basic": {"type": "http", "scheme": "basic"}}}


@audit(
    technique=Technique.STRUCTURE,
    severity=Severity.ERROR,
    accepts=[
        DocumentExample(
            title="a scheme of the components", document={**path(security=[{"basic": []}]), "components": _BASIC}
        ),
    ],
    objects_to=[
        DocumentExample(
            title="a scheme that is not declared",
            document={**path(security=[{"bearer": []}]), "components": _BASIC},
            at=("/paths/~1things/get/security/0",),
        ),
    ],
)
def unknown_security_scheme(audited: Audited) -> Iterator[Problem]:
    """A security requirement names a scheme that the document does not declare.

    OpenAPI (3.1.1, 4.8.30) asks for the name of a scheme of the components; tools reject the document or send nothing.
    """
    survey = audited.survey
    declared = {node.key for node in survey.of(Kind.SECURITY_SCHEME)}
    for node in survey.of(Kind.SECURITY):
        for name in node.value if isinstance(node.value, Mapping) else ():
            if name not in declared:
                yield flaw(node, f"no security scheme is called {name!r}", keyword="security", actual=name,
                           grounds=Grounds(cause=f"security scheme {name}"))  # fmt: skip
