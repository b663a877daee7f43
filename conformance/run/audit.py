"""The pipeline of `conformance audit`: descriptions in, what is wrong with them out."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from conformance import recordings
from conformance.checks import every
from conformance.checks.auditor import Audit
from conformance.checks.auditor import audit as judged
from conformance.checks.judge import Judge
from conformance.config import Settings
from conformance.errors import NothingChecked, RecordingError, SettingsError
from conformance.model import redact
from conformance.model.audit import PLAIN
from conformance.model.finding import Finding
from conformance.model.http import Exchange
from conformance.model.operation import Contract
from conformance.model.report import SAMPLES, ApiFacts, Cell, Recurring, Report, Sample, Subject, Tally
from conformance.model.route import Match
from conformance.model.rule import Check, Severity
from conformance.model.rule import Subject as Subjects
from conformance.model.value import Value
from conformance.openapi import operations as openapi
from conformance.openapi import overlay as overlays
from conformance.openapi.changes import compared, paired_by_url
from conformance.openapi.document import shipped
from conformance.openapi.rewriting import rewritten
from conformance.openapi.survey import Survey, surveyed
from conformance.results.evidence import spec_excerpt
from conformance.run.corrections import Offer, Trial, candidates, judging, overlay, relative
from conformance.run.recorder import emitter
from conformance.run.suite import Outcome, chosen_checks, compiler
from conformance.run.waivers import Waiver, idle, waivers
from conformance.schemas.audited import Audited as Context
from conformance.schemas.audited import Difference, title
from conformance.schemas.compiler import Compiler
from conformance.schemas.observed import Observed
from conformance.version import __version__


class Evidence(Value, frozen=True, kw_only=True):
    """What was given beside the descriptions."""

    exchanges: tuple[Exchange, ...] = ()
    """Recorded exchanges, each content once."""
    unreadable: tuple[str, ...] = ()
    official: tuple[Survey, ...] = ()
    """Other descriptions of the same APIs."""


class Audited(Outcome, frozen=True, kw_only=True):
    """What an audit made."""

    offers: tuple[Offer, ...] = ()
    """For each description that has any, the corrections that have proved themselves."""
    waived: int = 0
    """How many findings the settings waive."""
    idle: tuple[str, ...] = ()
    """What the settings waive in vain."""


def audit(settings: Settings, *, against: tuple[Path, ...] = (), corrects: bool = False) -> Audited:
    """Audit descriptions; `corrects` where corrections are wanted.

    Raises:
        ConformanceError: the settings are wrong, something cannot be read, or no audit check was chosen.

    """
    started = time.perf_counter()
    checks = chosen_checks(settings, audits=True)
    if not checks:
        raise NothingChecked(what="no audit check was chosen", hint="`conformance list checks` shows the names")
    bench = _Bench(
        surveys=tuple(surveys(settings)),
        evidence=gathered(settings, against),
        checks=checks,
        severities={rule: Severity(level) for rule, level in settings.severity.items()},
        compiler=compiler(),
    )
    held = waivers(settings.audit_ignore)
    whole = bench.audits()
    audits = [_without(each, held) for each in whole]
    with emitter(settings) as emit:
        for finding in (finding for each in audits for finding in each.findings):
            if emit is not None:
                emit(finding)
    cells = {cell.id: cell for cell in sorted(map(_cell, audits), key=lambda cell: cell.id)}
    return Audited(
        report=Report(subject=_subject(settings, bench), cells=cells),
        fail_on=Severity(settings.fail_on),
        offers=tuple(bench.offers(whole, held)) if corrects else (),
        waived=sum(len(each.waived) for each in audits),
        idle=tuple(_idle(bench, audits, held)),
        seconds=time.perf_counter() - started,
    )


def _idle(bench: _Bench, audits: list[Audit], held: tuple[Waiver, ...]) -> list[str]:
    chosen = {check.id for check in bench.checks}
    return idle(
        held,
        [waiver for each in audits for waiver in each.waived],
        rules=chosen,
        left_out={check.id for check in every()} - chosen,
        documents=[survey.name for survey in bench.surveys],
    )


class _Bench(Value, frozen=True, kw_only=True):
    """Descriptions, what speaks for or against them, and the checks that hold."""

    surveys: tuple[Survey, ...]
    evidence: Evidence
    checks: tuple[Check, ...]
    severities: dict[str, Severity]
    compiler: Compiler

    def audits(self) -> list[Audit]:
        """Audit every description."""
        observed = observe(self.surveys, self.evidence.exchanges, self.compiler)
        return [self._audit(survey, self.surveys, observed) for survey in self.surveys]

    def _audit(self, survey: Survey, crowd: tuple[Survey, ...], observed: dict[str, Observed]) -> Audit:
        context = prepared(survey, crowd, self.evidence.official, observed.get(survey.document.path), self.compiler)
        return judged(context, checks=self.checks, severities=self.severities)

    def offers(self, audits: Iterable[Audit], held: tuple[Waiver, ...]) -> Iterator[Offer]:
        """Try the corrections that the findings propose which nobody waived."""
        has_evidence = bool(self.evidence.exchanges or self.evidence.official)
        judge = judging([check for check in every() if check.subject is not Subjects.SPEC], self.compiler)

        def wanted(found: Audit) -> list[Finding]:
            return candidates(_without(found, held).findings, has_evidence=has_evidence)

        for before in audits:
            if found := wanted(before):
                trial = Trial(
                    before.survey,
                    before=before,
                    auditor=self._again,
                    chooser=wanted,
                    exchanges=belonging(before.survey, self.evidence.exchanges, self.compiler),
                    judge=judge,
                )
                yield trial.offer(found)

    def _again(self, survey: Survey) -> Audit:
        """Audit a description that was edited, among its sisters as they are."""
        path = survey.document.path
        crowd = tuple(survey if each.document.path == path else each for each in self.surveys)
        return self._audit(survey, crowd, observe((survey,), self.evidence.exchanges, self.compiler))


def surveys(settings: Settings) -> Iterator[Survey]:
    """Give the descriptions that the settings name, as their contract reads them.

    Raises:
        DocumentError: one cannot be read, or is no OpenAPI 3.0 or 3.1 document.
        SettingsError: a file or folder does not exist, or two files have one name.

    """
    known: dict[str, Path] = {}
    for path in openapi.find(settings.specs or (shipped(),)):
        survey = surveyed(path)
        if survey.name in known:
            what = f"{known[survey.name]} has the same name"
            raise SettingsError(where=str(path), what=what, hint="give the descriptions different file names")
        known[survey.name] = path
        found = overlays.beside(path) if settings.contract == Contract.CORRECTED.value else ()
        yield Survey(overlays.apply(survey.document, found).document) if found else survey


def gathered(settings: Settings, against: tuple[Path, ...]) -> Evidence:
    """Read what was given beside the descriptions.

    Raises:
        ConformanceError: something cannot be read.

    """
    official = tuple(surveyed(path) for path in openapi.find(against))
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


def prepared(
    survey: Survey,
    crowd: tuple[Survey, ...],
    official: tuple[Survey, ...],
    observed: Observed | None,
    known: Compiler,
) -> Context:
    """Give a description with its sisters and what speaks for or against it."""
    differences, others, met = _differences(survey, official)
    return Context(
        survey=survey,
        sisters=tuple(other for other in crowd if other is not survey),
        crowd=crowd,
        differences=differences,
        others=others,
        compared=met,
        observed=observed,
        compiler=known,
    )


def observe(surveys: Iterable[Survey], exchanges: Iterable[Exchange], known: Compiler) -> dict[str, Observed]:
    """Give what exchanges show of descriptions, by path; nothing for those that no exchange belongs to.

    Raises:
        DocumentError: a description is too broken to match them.

    """
    facts = tuple(exchanges)
    if not facts:
        return {}
    found = {survey.document.path: Observed(survey) for survey in surveys}
    built = [operation for survey in surveys for operation in openapi.build(survey.document)]
    judge = Judge(built, checks=(), compiler=known)
    for exchange in facts:
        match = judge.router.match(exchange.request.method, exchange.request.url)
        if isinstance(match, Match):
            found[match.operation.api.path].add(judge.read(exchange, match))
    return {path: observed for path, observed in found.items() if observed.exchanges}


def belonging(survey: Survey, exchanges: Iterable[Exchange], known: Compiler) -> list[Exchange]:
    """Give the exchanges that belong to an operation of a description."""
    facts = tuple(exchanges)
    judge = Judge(openapi.build(survey.document) if facts else (), checks=(), compiler=known)
    return [each for each in facts if isinstance(judge.router.match(each.request.method, each.request.url), Match)]


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
            is_version = bool(title(survey)) and title(survey) == title(other)
            found += [
                Difference(other=other.name, change=change, survey=other, is_version=is_version) for change in changes
            ]
            schemas |= met
    return (tuple(found) if names else None), tuple(names), frozenset(schemas)


def _without(found: Audit, held: tuple[Waiver, ...]) -> Audit:
    """An audit without the findings that are waived."""
    by_finding = {
        each.fingerprint: next((waiver for waiver in held if waiver.holds(each, found.survey.name)), None)
        for each in found.findings
    }
    return replace(
        found,
        findings=tuple(each for each in found.findings if by_finding[each.fingerprint] is None),
        waived=tuple(waiver for waiver in by_finding.values() if waiver is not None),
    )


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


def _subject(settings: Settings, bench: _Bench) -> Subject:
    return Subject(
        version=__version__,
        contract=settings.contract,
        apis=tuple(_facts(survey) for survey in bench.surveys),
        operations=(),
        rules={
            check.id: {
                "title": check.title,
                "severity": bench.severities.get(check.id, check.severity).value,
                "subject": check.subject.value,
                "technique": check.technique.value if check.technique else "",
            }
            for check in bench.checks
        },
        settings={
            "command": "audit",
            "exchanges": len(bench.evidence.exchanges),
            "against": [survey.name for survey in bench.evidence.official],
        },
    )


def write_overlays(offers: tuple[Offer, ...], to: Path) -> list[Path]:
    """Write the corrections as Overlay documents and give their paths.

    A name without an extension is a folder, with a file named after each description. Else one description gets the
    file that was named (JSON where its extension says so), and each of several a file beside it, with the name of the
    description in its own.

    Raises:
        SettingsError: they cannot be written.

    """
    made: list[Path] = []
    for offer in offers:
        if to.is_dir() or not to.suffix:
            path = to / f"{offer.survey.name}.yaml"
        else:
            path = to if len(offers) == 1 else to.with_name(f"{to.stem}.{offer.survey.name}{to.suffix}")
        extends = relative(Path(offer.survey.document.path), path)
        text = overlay(offer, extends=extends, is_json=path.suffix == ".json")
        _write(path, text.encode(), option="--overlay")
        made.append(path)
    return made


def tried(offers: Iterable[Offer]) -> Iterator[str]:
    """Give a line for each description on its corrections, and one for each that was tried and failed, with why."""
    for offer in offers:
        count = len(offer.findings)
        line = f"{offer.survey.name}: {count} correction{'' if count == 1 else 's'}"
        yield line + (f", {len(offer.rejected)} tried and not offered:" if offer.rejected else "")
        for finding, why in offer.rejected:
            yield f"  {finding.rule_id} at {finding.problem.spec_pointer}: {why}"


def write_corrected(offers: tuple[Offer, ...], folder: Path) -> list[Path]:
    """Write corrected copies of descriptions, formatted as their authors did, and give their paths.

    Raises:
        DocumentError: a description is written in a way that cannot be edited in place.
        SettingsError: they cannot be written.

    """
    made = []
    for offer in offers:
        path = folder / Path(offer.survey.document.path).name
        _write(path, rewritten(offer.survey.document, offer.edits), option="--output")
        made.append(path)
    return made


def _write(path: Path, text: bytes, *, option: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    except OSError as error:
        hint = "name a place that can be written"
        raise SettingsError(where=option, what=f"{error.filename}: {error.strerror}", hint=hint) from error


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
