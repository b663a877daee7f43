"""The `conformance` fixture: what a test may say about its own traffic."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from conformance.model.finding import Finding
from conformance.model.http import Exchange

if TYPE_CHECKING:
    from conformance.pytest_plugin.session import Session


class Watch:
    """The traffic of one test. Where nothing is watched, nothing is found."""

    def __init__(self, session: Session | None, item: pytest.Item) -> None:
        """Keep the session, None where nothing is watched."""
        self._session = session
        self._item = item

    @property
    def is_active(self) -> bool:
        """Tell whether traffic is watched."""
        return self._session is not None

    @contextlib.contextmanager
    def ignore(self, *rules: str) -> Iterator[None]:
        """Let rules (names or globs) find nothing in what is sent within."""
        if self._session is None:
            yield
            return
        traffic = self._session.traffic
        before = traffic.ignored
        traffic.ignored = (*before, *rules)
        try:
            yield
        finally:
            traffic.ignored = before

    @contextlib.contextmanager
    def pause(self) -> Iterator[None]:
        """Do not look at what is sent within."""
        if self._session is None:
            yield
            return
        self._session.traffic.paused += 1
        try:
            yield
        finally:
            self._session.traffic.paused -= 1

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Every exchange of this test so far that was judged."""
        return () if self._session is None else self._session.exchanges_of(self._item)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding of this test so far, ignored and accepted ones too."""
        return () if self._session is None else self._session.findings_of(self._item)
