"""The check `unserved-path`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from conformance.model.audit import Confidence, Edit, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import OK
from conformance.openapi.document import escape
from conformance.openapi.flaws import flaw
from conformance.openapi.survey import OperationNode, host_and_path
from conformance.profiles.twilio.surveys import is_2010, is_twilios
from conformance.schemas.audited import Audited
from conformance.schemas.observed import Tally

_OLD: Final = "https://api.twilio.com/2010-04-01"
_NEW: Final = "https://messaging.twilio.com/v1"


def _document(*servers: str) -> dict[str, Any]:
    return {
        "servers": [{"url": url} for url in servers],
        "paths": {"/Accounts/{Sid}/Messages.json": {"get": {"responses": OK}}, "/Services": {"get": {"responses": OK}}},
    }


@audit(
    technique=Technique.STRUCTURE,
    severity=Severity.ERROR,
    accepts=[
        DocumentExample(title="one server", document=_document(_NEW)),
        DocumentExample(
            title="two regions of one API", document=_document(_NEW, "https://messaging.ie1.twilio.com/v1")
        ),
    ],
    objects_to=[
        DocumentExample(
            title="two APIs in one document, each path on both", document=_document(_OLD, _NEW), at=("/servers",)
        ),
    ],
)
def unserved_path(audited: Audited) -> Iterator[Problem]:
    """A server of the document cannot serve some of its paths.

    `servers` of a document hold for every path that has none of its own. Paths that start with the account live on
    api.twilio.com/2010-04-01, the others on the host of their product; a client that takes the first server gets 404
    for half of the operations.
    """
    survey = audited.survey
    servers = survey.servers(survey.root)
    places = {host_and_path(url) for url in servers}
    if not is_twilios(survey) or ("api.twilio.com", "/2010-04-01") not in places or len(places) < 2:  # noqa: PLR2004
        return
    inheriting = [each for each in survey.operations if not each.item.has("servers") and not each.node.has("servers")]
    old = [url for url in servers if host_and_path(url) == ("api.twilio.com", "/2010-04-01")]
    new = [url for url in servers if url not in old]
    groups = {tuple(old): [each for each in inheriting if is_2010(each)],
              tuple(new): [each for each in inheriting if not is_2010(each)]}  # fmt: skip
    if not all(groups.values()):
        return
    message = "; ".join(f"{', '.join(urls)} serves {_paths(each)} only" for urls, each in groups.items())
    grounds = Grounds(
        confidence=Confidence.HIGH,
        evidence=tuple(
            Evidence(
                what=f"paths of {', '.join(urls)}",
                count=len({each.path for each in operations}),
                samples=tuple(Witness(source=path) for path in dict.fromkeys(each.path for each in operations))[:3],
            )
            for urls, operations in groups.items()
        )
        + tuple(_requests(audited, urls, operations) for urls, operations in groups.items() if audited.observed),
        edits=tuple(
            Edit(pointer=f"/paths/{escape(path)}/servers", value=[{"url": url} for url in urls])
            for urls, operations in groups.items()
            for path in dict.fromkeys(operation.path for operation in operations)
        ),
        remedy="Each path names the server that serves it.",
    )
    yield flaw("/servers", message, keyword="servers", grounds=grounds)


def _requests(audited: Audited, urls: tuple[str, ...], operations: list[OperationNode]) -> Evidence:
    """How many recorded requests for some operations went to the hosts of some servers."""
    hosts = {host_and_path(url)[0] for url in urls}
    called = [audited.observed.called.get(each.node.pointer) for each in operations] if audited.observed else []
    tallies = [(host, tally) for each in called if each is not None for host, tally in each.hosts.items()]
    there = Tally.of(tally for host, tally in tallies if host in hosts)
    return there.evidence(f"requests to {', '.join(sorted(hosts))}", of=sum(tally.count for _, tally in tallies))


def _paths(operations: list[OperationNode]) -> str:
    starts = dict.fromkeys("/" + operation.path.split("/")[1] for operation in operations)
    return " and ".join(f"{start}…" for start in starts)
