"""Every exception that a user can meet.

    ConformanceError            what the user gave us cannot be used (exit code 2)
    ├── DocumentError           an OpenAPI or Overlay document is broken: file, line, column
    │   └── ReferenceRefused    a `$ref` leads out of the document and was not allowed by name
    ├── RecordingError          a recording, or one entry of it, cannot be read: file, index
    ├── SettingsError           an option or a configuration key is wrong
    ├── ResultsError            a results file cannot be read
    │   └── MergeConflict       two reports contradict each other or speak of different things
    ├── TargetError             a target cannot be reached or imported
    └── NothingChecked          the run looked at nothing, so it may not say that all is well

What an API or a description did wrong is never an exception: it is a `Finding`.
"""

from __future__ import annotations


class ConformanceError(Exception):
    """What the user gave cannot be used; the sentence says what, where and what to do."""


class DocumentError(ConformanceError):
    """An OpenAPI or Overlay document is broken at one place."""

    def __init__(self, *, path: str, what: str, expected: str, line: int = 1, column: int = 1) -> None:
        """Keep the place (lines and columns count from 1) and both halves of the sentence."""
        super().__init__(path, line, column, what, expected)
        self.path = path
        self.line = line
        self.column = column
        self.what = what
        self.expected = expected

    def __str__(self) -> str:
        """Give `file:line:column: what was found, what was expected`."""
        return f"{self.path}:{self.line}:{self.column}: {self.what}, expected {self.expected}"


class ReferenceRefused(DocumentError):
    """A `$ref` leads to another file or host, which has to be allowed by name."""


class RecordingError(ConformanceError):
    """A recording, or one entry of it, cannot be read."""

    def __init__(
        self, *, path: str, what: str, expected: str, index: int | None = None, line: int | None = None
    ) -> None:
        """Keep the place: the entry counts from 0, the line from 1."""
        super().__init__(path, index, line, what, expected)
        self.path = path
        self.index = index
        self.line = line
        self.what = what
        self.expected = expected

    def __str__(self) -> str:
        """Give `file:line (entry n): what was found, what was expected`."""
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        entry = "" if self.index is None else f" (entry {self.index})"
        return f"{place}{entry}: {self.what}, expected {self.expected}"


class SettingsError(ConformanceError):
    """An option or a configuration key is wrong."""

    def __init__(self, *, where: str, what: str, hint: str) -> None:
        """Keep the option or key, what is wrong with it and what to do."""
        super().__init__(where, what, hint)
        self.where = where
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        """Give `where: what; what to do`."""
        return f"{self.where}: {self.what}; {self.hint}"


class ResultsError(ConformanceError):
    """A results file cannot be read."""

    def __init__(self, *, path: str, what: str) -> None:
        """Keep the file and what is wrong with it."""
        super().__init__(path, what)
        self.path = path
        self.what = what

    def __str__(self) -> str:
        """Give `file: what`."""
        return f"{self.path}: {self.what}"


class MergeConflict(ResultsError):
    """Two reports cannot be united: they contradict each other or speak of different things."""


class TargetError(ConformanceError):
    """A target cannot be reached or imported."""

    def __init__(self, *, target: str, what: str, hint: str) -> None:
        """Keep the target as the user named it."""
        super().__init__(target, what, hint)
        self.target = target
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        """Give `target: what; what to do`."""
        return f"{self.target}: {self.what}; {self.hint}"


class NothingChecked(ConformanceError):
    """The run looked at nothing."""

    def __init__(self, *, what: str, hint: str) -> None:
        """Keep what was looked for and what to do."""
        super().__init__(what, hint)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        """Give `nothing was checked: why; what to do`."""
        return f"nothing was checked: {self.what}; {self.hint}"
