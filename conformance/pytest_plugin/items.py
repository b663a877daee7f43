"""Operations as tests: each sends its generated requests to the target and fails on what is found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.errors import ConformanceError
from conformance.model.operation import Operation
from conformance.model.report import Report
from conformance.openapi import operations as openapi
from conformance.openapi.document import shipped
from conformance.pytest_plugin.failure import Shown, explained
from conformance.run import generate
from conformance.run.suite import Suite

if TYPE_CHECKING:
    from conformance.pytest_plugin.session import Session


class Runner:
    """What turns operations into tests."""

    def __init__(self, suite: Suite) -> None:
        """Keep the descriptions and the judge; recordings are no business of these tests."""
        self._suite = suite
        self._settings = replace(suite.settings, recordings=())
        self.files = {path.resolve(): path.stem for path in openapi.find(suite.settings.specs or (shipped(),))}
        """Every description, with the name of its API."""

    def operations(self, file: Path) -> list[Operation]:
        """Give the operations of a description."""
        name = self.files[file.resolve()]
        return [operation for operation in self._suite.chosen if operation.api.name == name]

    def run(self, operation: Operation) -> Report:
        """Send the requests of an operation and judge the answers.

        Raises:
            ConformanceError: the target cannot be reached, or nothing was answered.

        """
        made = replace(self._suite, settings=self._settings, chosen=(operation,))
        return generate.run(self._settings, made=made).report


class Description(pytest.File):
    """A description, whose operations are tests."""

    def collect(self) -> list[pytest.Item]:
        """Give a test for every operation."""
        runner = _session(self.config).runner
        assert runner is not None  # noqa: S101 - it made this collector
        return [
            OperationItem.from_parent(self, name=each.operation_id or f"{each.method} {each.path}", of=each)
            for each in runner.operations(self.path)
        ]


def _session(config: pytest.Config) -> Session:
    found: Session | None = config.pluginmanager.get_plugin("conformance-session")
    assert found is not None  # noqa: S101 - it made the collector that asks
    return found


class OperationItem(pytest.Item):
    """One operation."""

    def __init__(self, *, of: Operation, **arguments: Any) -> None:
        """Keep the operation."""
        super().__init__(**arguments)
        self.operation = of

    def runtest(self) -> None:
        """Send the requests of every mode and judge the answers."""
        session = _session(self.config)
        assert session.runner is not None  # noqa: S101 - it made this test
        report = session.runner.run(self.operation)
        for cell in report.cells.values():
            session.add_cell(cell)
        failing = [each for each in report.findings() if session.fails(each.finding)]
        if failing:
            shown = [Shown(finding=each.finding, sample=each.samples[0], excerpt=each.excerpt) for each in failing]
            pytest.fail(explained(shown), pytrace=False)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Say what is wrong with a target without the way that led there."""
        if isinstance(excinfo.value, ConformanceError):
            return f"conformance: {excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[str, int, str]:
        """Name the line of the description."""
        api = self.operation.api
        return api.path, api.locate(self.operation.pointer)[0] - 1, self.name
