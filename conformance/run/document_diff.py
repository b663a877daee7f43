"""The pipeline of `conformance diff` for two documents: each change, and whom it breaks."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from conformance.model.value import Value
from conformance.openapi.changes import Change, changes, paired
from conformance.openapi.survey import surveyed


class DocumentDifference(Value, frozen=True, kw_only=True):
    """What changed between two documents."""

    old: str
    """The file, as named by the user."""
    new: str
    changes: tuple[Change, ...]
    """Those that break clients first, then those that break servers, then the rest; each group in document order."""

    @property
    def breaks_clients(self) -> bool:
        """Tell whether a client of the old document may not work with a server of the new one."""
        return any(change.breaks_clients for change in self.changes)

    @property
    def breaks_servers(self) -> bool:
        """Tell whether a server that fulfils the old document may not fulfil the new one."""
        return any(change.breaks_servers for change in self.changes)

    @property
    def exit_code(self) -> int:
        """1 where a change breaks clients or servers, else 0."""
        return 1 if self.breaks_clients or self.breaks_servers else 0

    def to_json(self) -> dict[str, Any]:
        """Give the difference as JSON."""
        return {
            "old": self.old,
            "new": self.new,
            "changes": [{**asdict(change), "side": change.side.value} for change in self.changes],
        }


def difference(old: Path, new: Path) -> DocumentDifference:
    """Compare two documents.

    Raises:
        DocumentError: one of them cannot be read, or is no OpenAPI 3.0 or 3.1 document.

    """
    before, after = surveyed(old), surveyed(new)
    found = changes(before, after, paired(before, after))
    return DocumentDifference(old=str(old), new=str(new), changes=tuple(sorted(found, key=_rank)))


def _rank(change: Change) -> tuple[bool, bool]:
    return (not change.breaks_clients, not change.breaks_servers)


def render(found: DocumentDifference) -> str:
    """Give the difference as plain lines, the summary last."""
    lines = [f"{_verdict(change)}: {change.kind}: {_told(change)}" for change in found.changes]
    clients = sum(change.breaks_clients for change in found.changes)
    servers = sum(change.breaks_servers for change in found.changes)
    many = len(found.changes)
    counted = f"{many} change{'' if many == 1 else 's'}: {clients} break clients, {servers} break servers"
    return "\n".join([*lines, counted if many else "no changes"])


def _told(change: Change) -> str:
    return change.message if change.message.startswith(change.place) else f"{change.place}: {change.message}"


def _verdict(change: Change) -> str:
    whom = [name for name, breaks in (("clients", change.breaks_clients), ("servers", change.breaks_servers)) if breaks]
    return f"breaks {' and '.join(whom)}" if whom else "compatible"
