"""What an audit adds to a problem: why it says so, how sure it is, who is wrong and what would put it right."""

from __future__ import annotations

from enum import Enum
from typing import Any, Final

from conformance.model.value import Value


class Technique(Enum):
    """How an audit check comes to know."""

    STRUCTURE = "structure"
    """How the objects of the document hang together."""
    SEMANTICS = "schema semantics"
    """What the schemas allow."""
    TEXT = "text against schema"
    """What the descriptions say, beside what the schemas say."""
    CONVENTION = "conventions of the family"
    """What the rest of the document, its sister documents and the makers of the API do elsewhere."""
    EVIDENCE = "evidence"
    """What travelled on the wire, or what another description of the same API says."""

    @property
    def rank(self) -> int:
        """Orders techniques: of two that name one cause, the lower one is the finding, the other its evidence."""
        return _TECHNIQUES.index(self.value)


_TECHNIQUES: Final = tuple(each.value for each in Technique)
_SURENESS: Final = ("low", "medium", "high")


class Confidence(Enum):
    """How sure an audit is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """Orders confidences: a higher rank is surer."""
        return _SURENESS.index(self.value)


class Blame(Enum):
    """Who is wrong, where a document and what speaks against it disagree."""

    SPEC = "spec wrong"
    SAMPLE = "sample wrong"
    UNDECIDED = "undecided"


class Origin(Enum):
    """Where evidence comes from."""

    DOCUMENT = "document"
    """The document itself, or a sister."""
    RECORDING = "recording"
    """What travelled on the wire."""
    OTHER = "other description"
    """A description of the same API by another hand."""
    REFERENCE = "reference"
    """What the makers of the API say of it in their reference."""
    VERSION = "other version"
    """Another version of the same document: it may differ because the API has changed."""


class Witness(Value, frozen=True, kw_only=True):
    """One sample, with its source."""

    source: str
    """The id of an exchange, the name of another document, or a JSON Pointer into this one."""
    value: Any = None
    """What it shows."""


class Evidence(Value, frozen=True, kw_only=True):
    """What speaks for a finding: how often it was seen, and up to three samples."""

    what: str
    """A clause, such as `null was seen` or `sister lists have this parameter`."""
    count: int = 1
    of: int | None = None
    """Out of how many; None where nobody counted."""
    samples: tuple[Witness, ...] = ()
    origin: Origin = Origin.DOCUMENT


class Edit(Value, frozen=True, kw_only=True):
    """One step of a correction, at a JSON Pointer of the document.

    A value is set, whether the member was there or not; a pointer that ends in `/-` appends to a list (as in JSON
    Patch, RFC 6902), which is made where it is not there. A removal takes the member or item away.
    """

    pointer: str
    value: Any = None
    is_removal: bool = False


class Grounds(Value, frozen=True, kw_only=True):
    """Why an audit says that something is wrong."""

    technique: Technique | None = None
    """How the check came to know; the auditor fills it in."""
    confidence: Confidence = Confidence.HIGH
    blame: Blame = Blame.SPEC
    evidence: tuple[Evidence, ...] = ()
    cause: str = ""
    """What problems of one rule share when they are one finding; empty where the place is the cause."""
    places: tuple[str, ...] = ()
    """Pointers of the other places with the same cause."""
    edits: tuple[Edit, ...] = ()
    """What would put it right, in order; empty where nobody can tell."""
    remedy: str = ""
    """What the edits do, as a sentence."""


PLAIN = Grounds()
"""A defect that the document shows by itself, with no correction to offer."""
