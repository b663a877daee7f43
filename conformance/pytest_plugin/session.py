"""One pytest session whose traffic is watched."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Generator, Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from msgspec import Struct, field
from msgspec.structs import replace

from conformance import baseline, config, results
from conformance.config import Settings
from conformance.model.finding import Finding
from conformance.model.http import Exchange
from conformance.model.known import Entry, Standing
from conformance.model.overview import Overview, overview
from conformance.model.report import Cell, Report, Subject, unite_named
from conformance.model.route import Match
from conformance.model.rule import Severity
from conformance.model.value import Value
from conformance.pytest_plugin.failure import Shown, explained
from conformance.pytest_plugin.items import Description, Runner
from conformance.pytest_plugin.traffic import Traffic
from conformance.reports import terminal
from conformance.run import views
from conformance.run.recorder import Recorder
from conformance.run.suite import Suite, suite

_OUTPUT: Final = "conformance"
"""The key of what a worker of pytest-xdist hands over."""


class Scope(Value, frozen=True, kw_only=True):
    """How the traffic of one test is checked: its markers, the nearest first."""

    enabled: bool = True
    ignore: tuple[str, ...] = ()
    operation: tuple[str, ...] = ()
    """Globs of keys; empty for all."""
    fail_on: Severity | None = None

    @classmethod
    def of(cls, item: pytest.Item) -> Scope:
        """Read the markers of a test.

        Raises:
            UsageError: a marker says something that is not known.

        """
        made = cls()
        for marker in reversed(list(item.iter_markers("conformance"))):
            unknown = marker.kwargs.keys() - {"enabled", "ignore", "operation", "fail_on"}
            if unknown or marker.args:
                what = f"{item.nodeid}: the marker conformance knows enabled, ignore, operation and fail_on only"
                raise pytest.UsageError(what)
            level = marker.kwargs.get("fail_on")
            made = cls(
                enabled=marker.kwargs.get("enabled", made.enabled),
                ignore=(*made.ignore, *_texts(marker.kwargs.get("ignore", ()))),
                operation=_texts(marker.kwargs.get("operation", made.operation)),
                fail_on=made.fail_on if level is None else Severity(level),
            )
        return made

    def counts(self, finding: Finding, ignored: tuple[str, ...]) -> bool:
        """Tell whether a finding is meant at all."""
        if any(fnmatchcase(finding.rule_id, glob) for glob in (*self.ignore, *ignored)):
            return False
        key = finding.operation
        return not self.operation or (key is not None and any(fnmatchcase(key, glob) for glob in self.operation))


def _texts(value: str | Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


class _Case(Struct):
    """What was seen of one test."""

    recorder: Recorder
    scope: Scope
    exchanges: list[Exchange] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    failing: list[tuple[Finding, Exchange]] = field(default_factory=list)
    """Not yet told."""
    ignored: tuple[str, ...] = ()


class Session:
    """Judges the traffic of every test, fails those that cause a finding and adds everything up."""

    def __init__(self, options: pytest.Config) -> None:
        """Load the descriptions and watch the clients.

        Raises:
            ConformanceError: an option, the configuration or a description is wrong.

        """
        self.options = options
        self.settings = _settings(options)
        self._started = time.perf_counter()
        self._is_worker = hasattr(options, "workerinput")
        self._is_controller = not self._is_worker and bool(options.getoption("numprocesses", None))
        self.fail_on = Severity(self.settings.fail_on)
        self._accepted = self._read_baseline()
        self._servers = tuple(url.rstrip("/") for url in options.getoption("--conformance-server"))
        self.traffic = Traffic()
        self._cases: dict[str, _Case] = {}
        self._cells: dict[str, Cell] = {}
        self._parts: list[tuple[str, Report]] = []
        self._ignored: set[str] = set()
        self._counted: set[str] = set()
        self._unread = 0
        self.suite: Suite = suite(self.settings)
        self.runner = Runner(self.suite) if options.getoption("--conformance-target") else None
        if self.runner is not None:
            options.args += self._files(self.runner)
        if options.getoption("--conformance") and not self._is_controller:
            self.traffic.watch()

    def _files(self, runner: Runner) -> list[str]:
        """Give the descriptions to collect, unless the user named one, or an operation of one."""
        named = {Path(argument.partition("::")[0]).resolve() for argument in self.options.args}
        return [] if named & runner.files.keys() else [str(path) for path in runner.files]

    def _read_baseline(self) -> dict[str, Entry]:
        if self.settings.baseline is None:
            return {}
        today = dt.datetime.now(tz=dt.UTC).date()
        entries = baseline.read(self.settings.baseline)
        return {entry.fingerprint: entry for entry in entries if entry.expires is None or entry.expires >= today}

    # What happens to a test

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None]:
        """Judge what the fixtures of a test send."""
        self._cases[item.nodeid] = self._case(item)
        yield from self._guarded(item, "setup")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None]:
        """Judge what a test sends."""
        yield from self._guarded(item, "call")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None]:
        """Judge what the fixtures of a test send at their end."""
        try:
            yield from self._guarded(item, "teardown")
        finally:
            self._close(item)

    def _guarded(self, item: pytest.Item, when: str) -> Generator[None]:
        """A finding fails the phase, unless it has failed by itself: then it stands beside the failure."""
        try:
            yield
        except BaseException:
            self._settle(item, final=when == "teardown")
            told = self._told(item)
            if told:
                item.add_report_section(when, "conformance", told)
            raise
        self._settle(item, final=when == "teardown")
        told = self._told(item)
        if told:
            pytest.fail(told, pytrace=False)

    def _case(self, item: pytest.Item) -> _Case:
        name = item.nodeid
        again = sum(each.partition(" again ")[0] == f"test {name}" for each in self._cells)
        made: list[_Case] = []
        recorder = Recorder(
            f"test {name} again {again}" if again else f"test {name}",
            self.suite,
            lambda finding: self._found(made[0], finding),
        )
        made.append(_Case(recorder, Scope.of(item)))
        return made[0]

    def _close(self, item: pytest.Item) -> None:
        case = self._cases.pop(item.nodeid)
        if case.recorder.judged or case.exchanges:
            cell = case.recorder.cell()
            self._cells[cell.id] = cell

    def _settle(self, item: pytest.Item, *, final: bool) -> None:
        """Judge what was seen since the last time."""
        case = self._cases[item.nodeid]
        for seen in self.traffic.drain(final=final):
            if not case.scope.enabled:
                continue
            exchange = seen.exchange(path=item.nodeid, index=len(case.exchanges))
            if exchange is None:
                self._unread += 1
                continue
            case.exchanges.append(self._directed(exchange))
            case.ignored = seen.ignored
            case.recorder.add(case.exchanges[-1])

    def _found(self, case: _Case, finding: Finding) -> None:
        case.findings.append(finding)
        if not case.scope.counts(finding, case.ignored):
            self._ignored.add(finding.fingerprint)
            return
        self._counted.add(finding.fingerprint)
        floor = case.scope.fail_on or self.fail_on
        if finding.severity.rank >= floor.rank and finding.fingerprint not in self._accepted:
            case.failing.append((finding, case.exchanges[-1]))

    def _directed(self, exchange: Exchange) -> Exchange:
        """Give an exchange with a server that stands for the documented ones as one with the documented one."""
        url = exchange.request.url
        server = next((each for each in self._servers if url.startswith((f"{each}/", f"{each}?")) or url == each), None)
        if server is None:
            return exchange
        rest, parts = url.removeprefix(server), urlsplit(url)
        whole = f"{parts.path}?{parts.query}" if parts.query else parts.path
        documented = dict.fromkeys(each for operation in self.suite.operations for each in operation.servers)
        candidates = [f"{each.scheme or 'https'}://{each.host}{whole}" for each in documented]
        candidates += [f"{each.url.rstrip('/')}{rest}" for each in documented]
        match = self.suite.judge.router.match
        fitting = (each for each in candidates if isinstance(match(exchange.request.method, each), Match))
        chosen = next(fitting, candidates[0] if candidates else url)
        return replace(exchange, request=replace(exchange.request, url=chosen))

    def _told(self, item: pytest.Item) -> str:
        """Give the findings that nobody was told of, and forget that."""
        case = self._cases[item.nodeid]
        failing, case.failing = case.failing, []
        shown = [
            Shown(finding=finding, sample=results.sample(finding, exchange), excerpt=results.spec_excerpt(finding))
            for finding, exchange in failing
        ]
        return explained(shown) if shown else ""

    # What a test may ask

    def exchanges_of(self, item: pytest.Item) -> tuple[Exchange, ...]:
        """Give the exchanges of a test that were judged so far."""
        self._settle(item, final=False)
        return tuple(self._cases[item.nodeid].exchanges)

    def findings_of(self, item: pytest.Item) -> tuple[Finding, ...]:
        """Give the findings of a test so far."""
        self._settle(item, final=False)
        return tuple(self._cases[item.nodeid].findings)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Read every marker, so that a wrong one is known before any test runs."""
        for item in items:
            Scope.of(item)

    # Operations as tests

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> Description | None:
        """Collect the operations of a description."""
        if self.runner is None or file_path.resolve() not in self.runner.files:
            return None
        return Description.from_parent(parent, path=file_path)

    def add_cell(self, cell: Cell) -> None:
        """Keep what an operation's own test found."""
        self._cells[cell.id] = cell
        self._counted.update(cell.findings)

    def fails(self, finding: Finding) -> bool:
        """Tell whether a finding fails a test that no marker speaks of."""
        return finding.severity.rank >= self.fail_on.rank and finding.fingerprint not in self._accepted

    # The end

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a worker of pytest-xdist found."""
        handed = getattr(node, "workeroutput", {}).get(_OUTPUT)
        if handed is not None:
            self._parts.append((node.gateway.id, results.parse(handed["results"], name=node.gateway.id)))
            self._ignored.update(handed["ignored"])
            self._counted.update(handed["counted"])
            self._unread += handed["unread"]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand over to the controller, or write the results; a check of ours that crashed fails the session."""
        self.traffic.unwatch()
        report = self._report()
        if self._is_worker:
            shown = overview(report, fail_on=self.fail_on)
            self.options.workeroutput[_OUTPUT] = {  # type: ignore[attr-defined] # pytest-xdist's
                "results": results.text(results.to_json(shown, timing={})),
                "ignored": sorted(self._ignored),
                "counted": sorted(self._counted),
                "unread": self._unread,
            }
            return
        shown = self._shown(report)
        if self.options.getoption("--conformance-output"):
            seconds = round(time.perf_counter() - self._started, 3)
            views.write(shown, self.settings, timing={"seconds": seconds})
        if shown.crashed and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_unconfigure(self) -> None:
        """Leave every client as it was, however the session ended."""
        self.traffic.unwatch()

    def _report(self) -> Report:
        cells = {name: self._cells[name] for name in sorted(self._cells)}
        own = Report(subject=_as_read(self.suite.subject()), cells=cells)
        return unite_named([("this process", own), *self._parts])

    def _shown(self, report: Report) -> Overview:
        """What every test that met it ignored is accepted, as what the baseline has."""
        quiet = {
            name: Entry(fingerprint=name, rule="", operation=None, place="", message="", reason="ignored by its tests")
            for name in self._ignored - self._counted
        }
        found = {name for cell in report.cells.values() for name in cell.findings}
        known = {name: entry for name, entry in self._accepted.items() if name in found}
        standing = Standing(accepted={**known, **quiet}) if known or quiet else None
        return overview(report, fail_on=self.fail_on, standing=standing)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """End with the table of operations."""
        if self._is_worker:
            return
        shown = self._shown(self._report())
        terminalreporter.section("conformance")
        verbosity = self.options.get_verbosity()
        if verbosity >= 0:
            for line in (*terminal.crashes(shown), *terminal.table(shown), ""):
                terminalreporter.write_line(line)
        if self._unread:
            terminalreporter.write_line(f"{self._unread} exchanges were not judged: their bodies were streamed")
        if not shown.exchanges and not shown.out_of_scope and not shown.findings:
            terminalreporter.write_line("no HTTP traffic was seen, so nothing was checked", yellow=True)
        terminalreporter.write_line(
            terminal.summary(shown), bold=True, red=bool(shown.failing), green=not shown.failing
        )


def _settings(options: pytest.Config) -> Settings:
    """Give the settings: options before `[tool.conformance]` of the root folder."""
    option = options.getoption
    flags: dict[str, Any] = {
        "specs": tuple(map(Path, option("--conformance-spec"))),
        "target": option("--conformance-target"),
        "contract": option("--conformance-contract"),
        "fail_on": option("--conformance-fail-on"),
        "baseline": _path(option("--conformance-baseline")),
        "output": _path(option("--conformance-output")),
    }
    return config.settings(config.find(options.rootpath), flags)


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


def _as_read(subject: Subject) -> Subject:
    """Give a subject as a results file has it, so that it equals those of the workers."""
    return replace(subject, settings=json.loads(json.dumps(dict(subject.settings))))
