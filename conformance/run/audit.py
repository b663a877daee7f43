"""The pipeline of `conformance audit`: descriptions in, what is wrong with them out."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance import recordings
from conformance.checks.auditor import Audit
from conformance.checks.auditor import audit as judged
from conformance.checks.judge import Judge
from conformance.config import Settings
from conformance.errors import NothingChecked, RecordingError
from conformance.model import redact
from conformance.model.audit import PLAIN
from conformance.model.finding import Finding
from conformance.model.http import Exchange
from conformance.model.operation import Contract
from conformance.model.report import SAMPLES, ApiFacts, Cell, Recurring, Report, Sample, Subject, Tally
from conformance.model.route import Match
from conformance.model.rule import Check, Severity
from conformance.openapi import operations as openapi
from conformance.openapi import overlay as overlays
from conformance.openapi.changes import compared, paired_by_url
from conformance.openapi.document import Document, load, shipped
from conformance.openapi.survey import Survey
from conformance.results.evidence import spec_excerpt
from conformance.run.recorder import emitter
from conformance.run.suite import Outcome, chosen_checks, compiler
from conformance.schemas.audited import Audited, Difference
from conformance.schemas.observed import Observed
from conformance.version import __version__


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was given beside the descriptions."""

    exchanges: tuple[Exchange, ...] = ()
    """Recorded exchanges, each content once."""
    unreadable: tuple[str, ...] = ()
    official: tuple[Survey, ...] = ()
    """Other descriptions of the same APIs."""


def audit(settings: Settings, *, against: tuple[Path, ...] = ()) -> Outcome:
    """Audit descriptions.

    Raises:
        ConformanceError: the settings are wrong, something cannot be read, or no audit check was chosen.

    """
    started = time.perf_counter()
    checks = chosen_checks(settings, audits=True)
    if not checks:
        raise NothingChecked(what="no audit check was chosen", hint="`conformance list checks` shows the names")
    surveys = tuple(Survey(document) for document in documents(settings))
    evidence = gathered(settings, against)
    severities = {rule: Severity(level) for rule, level in settings.severity.items()}
    audits = [judged(each, checks=checks, severities=severities) for each in prepared(surveys, evidence)]
    with emitter(settings) as emit:
        for finding in (finding for each in audits for finding in each.findings):
            if emit is not None:
                emit(finding)
    cells = {cell.id: cell for cell in sorted(map(_cell, audits), key=lambda cell: cell.id)}
    report = Report(subject=_subject(settings, surveys, checks, severities, evidence), cells=cells)
    return Outcome(report=report, fail_on=Severity(settings.fail_on), seconds=time.perf_counter() - started)


def documents(settings: Settings) -> Iterator[Document]:
    """Give the descriptions that the settings name, as their contract reads them.

    Raises:
        DocumentError: one cannot be read, or is no OpenAPI 3.0 or 3.1 document.
        SettingsError: a file or folder does not exist.

    """
    for path in openapi.find(settings.specs or (shipped(),)):
        document = described(path)
        found = overlays.beside(path) if settings.contract == Contract.CORRECTED.value else ()
        yield overlays.apply(document, found).document if found else document


def described(path: Path) -> Document:
    """Read a description.

    Raises:
        DocumentError: it cannot be read, or is no OpenAPI 3.0 or 3.1 document.

    """
    document = load(path)
    version = document.data.get("openapi") if isinstance(document.data, dict) else None
    if not str(version).startswith(("3.0.", "3.1.")):
        pointer = "/openapi" if version is not None else ""
        document.fail(pointer, what=f"`openapi: {version}`", expected="an OpenAPI 3.0 or 3.1 document")
    return document


def gathered(settings: Settings, against: tuple[Path, ...]) -> Evidence:
    """Read what was given beside the descriptions.

    Raises:
        ConformanceError: something cannot be read.

    """
    official = tuple(Survey(described(path)) for path in openapi.find(against))
    exchanges: dict[bytes, Exchange] = {}
    unreadable: list[str] = []
    for file in recordings.find(settings.recordings or ()):
        for entry in recordings.read(file):
            if isinstance(entry, RecordingError):
                unreadable.append(str(entry))
            else:
                exchanges.setdefault(_content(entry), entry)
    return Evidence(exchanges=tuple(exchanges.values()), unreadable=tuple(unreadable), official=official)


def _content(exchange: Exchange) -> bytes:
    """What makes two recordings of one exchange the same."""
    request, response = exchange.request, exchange.response
    facts = (request.method, request.url, request.body, str(response.status), response.body)
    digest = hashlib.sha256()
    for fact in facts:
        digest.update(fact.encode("utf-8", "surrogatepass") if isinstance(fact, str) else fact)
        digest.update(b"\0")
    return digest.digest()


def prepared(surveys: tuple[Survey, ...], evidence: Evidence) -> tuple[Audited, ...]:
    """Give each description with its sisters and what speaks for or against it.

    Raises:
        DocumentError: there are recordings, and a description is too broken to match them.

    """
    observed = observe(surveys, evidence.exchanges)
    held = compiler()
    return tuple(
        Audited(
            survey=survey,
            sisters=tuple(other for other in surveys if other is not survey),
            differences=differences,
            others=others,
            compared=met,
            observed=observed.get(survey.document.path),
            crowd=surveys,
            compiler=held,
        )
        for survey in surveys
        for differences, others, met in [_differences(survey, evidence.official)]
    )


def observe(surveys: Iterable[Survey], exchanges: Iterable[Exchange]) -> dict[str, Observed]:
    """Give what exchanges show of descriptions, by path; nothing for those that no exchange belongs to.

    Raises:
        DocumentError: a description is too broken to match them.

    """
    facts = tuple(exchanges)
    if not facts:
        return {}
    known = {survey.document.path: Observed(survey) for survey in surveys}
    built = [operation for survey in surveys for operation in openapi.build(survey.document)]
    judge = Judge(built, checks=(), compiler=compiler())
    for exchange in facts:
        found = judge.router.match(exchange.request.method, exchange.request.url)
        if isinstance(found, Match):
            known[found.operation.api.path].add(judge.read(exchange, found))
    return {path: observed for path, observed in known.items() if observed.exchanges}


def _differences(
    survey: Survey, official: tuple[Survey, ...]
) -> tuple[tuple[Difference, ...] | None, tuple[str, ...], frozenset[str]]:
    """What other descriptions of the same API say differently, their names, and the schemas that they have, too."""
    found: list[Difference] = []
    schemas: set[str] = set()
    names: list[str] = []
    for other in official:
        pairs = list(paired_by_url(survey, other))
        if any(left is not None and right is not None for left, right in pairs):
            names.append(other.name)
            changes, met = compared(survey, other, pairs)
            found += [Difference(other=other.name, change=change, survey=other) for change in changes]
            schemas |= met
    return (tuple(found) if names else None), tuple(names), frozenset(schemas)


def _cell(audited: Audit) -> Cell:
    survey = audited.survey
    failed: dict[str, int] = {}
    for finding in audited.findings:
        failed[finding.rule_id] = failed.get(finding.rule_id, 0) + 1
    tally = Tally(
        passed=dict.fromkeys(sorted(audited.passed), 1),
        failed={rule: failed[rule] for rule in sorted(failed)},
        crashed={rule: audited.crashed[rule] for rule in sorted(audited.crashed)},
    )
    found = {finding.fingerprint: _recurring(finding, survey) for finding in audited.findings}
    return Cell(
        id=f"document {survey.name}",
        tallies={survey.name: tally},
        findings={name: found[name] for name in sorted(found)},
    )


def _recurring(finding: Finding, survey: Survey) -> Recurring:
    grounds = finding.problem.grounds or PLAIN
    pointers = (finding.problem.spec_pointer, *grounds.places)
    samples = [_sample(finding, survey.position(pointer)[0]) for pointer in pointers[:SAMPLES]]
    samples.sort(key=lambda each: each.order)
    return Recurring(
        finding=finding,
        count=len(pointers),
        samples=tuple(samples),
        last=samples[-1].place,
        excerpt=spec_excerpt(finding),
    )


def _sample(finding: Finding, line: int) -> Sample:
    return Sample(
        exchange=None,
        path=finding.spec,
        index=0,
        line=line,
        message=redact.text(finding.problem.message),
        instance_pointer=finding.problem.instance_pointer,
        actual=redact.value(finding.problem.actual),
        evidence=None,
    )


def _subject(
    settings: Settings,
    surveys: tuple[Survey, ...],
    checks: tuple[Check, ...],
    severities: dict[str, Severity],
    evidence: Evidence,
) -> Subject:
    return Subject(
        version=__version__,
        contract=settings.contract,
        apis=tuple(_facts(survey) for survey in surveys),
        operations=(),
        rules={
            check.id: {
                "title": check.title,
                "severity": severities.get(check.id, check.severity).value,
                "subject": check.subject.value,
                "technique": check.technique.value if check.technique else "",
            }
            for check in checks
        },
        settings={
            "command": "audit",
            "exchanges": len(evidence.exchanges),
            "against": [survey.name for survey in evidence.official],
        },
    )


def _facts(survey: Survey) -> ApiFacts:
    info: Any = survey.root.get("info")
    known = info if isinstance(info, dict) else {}
    return ApiFacts(
        name=survey.name,
        title=str(known.get("title", "")),
        version=str(known.get("version", "")),
        openapi=survey.version,
        path=Path(survey.document.path).name,
        digest=survey.document.digest,
    )
