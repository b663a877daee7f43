"""Who is wrong, where a document and recordings disagree: a single odd sample must not condemn a document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from conformance.model.audit import Blame, Confidence
from conformance.schemas.audited import Difference
from conformance.schemas.observed import Tally

ENOUGH: Final = 3
"""In so many exchanges something is no accident."""
_SOMETIMES, _OFTEN, _MOSTLY = 0.1, 0.25, 0.5
"""Shares of the values that speak against a document: alone, against another description too, and surely so."""
_PLACEHOLDER: Final = re.compile(
    r"x{4,}|[A-Z]{2}(?:x{3,}|\.{3,}|\*{3,}|(?P<letter>[g-z])(?P=letter){3,})|\$\{?\w+\}?|<[\w ]+>|\{\{?\w+\}?\}"
    r"|(?:your|my)[_-]\w+|^\+?(?:0?12345(?:6(?:7(?:8(?:90?)?)?)?)?|(?P<digit>\d)(?P=digit){4,})$",
    re.IGNORECASE,
)


def is_placeholder(value: Any) -> bool:
    """Tell whether a value stands for another one: `ACXXXXXXXX`, `QUyyyyyy`, `$ACCOUNT_SID`, `<name>`."""
    return isinstance(value, str) and _PLACEHOLDER.search(value) is not None


def is_misspelt(value: str, members: Iterable[str]) -> bool:
    """Tell whether a value is a member with a slip: another case, another separator, one letter more or less."""
    return any(value != member and (_plain(value) == _plain(member) or _near(value, member)) for member in members)


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _near(left: str, right: str) -> bool:
    """Tell whether two words of five letters or more differ in one letter: replaced, left out, or doubled."""
    if min(len(left), len(right)) < 5 or abs(len(left) - len(right)) > 1:  # noqa: PLR2004 - shorter words differ so
        return False
    start = next((index for index, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), None)
    if start is None:
        return True
    return (
        left[start + 1 :] == right[start + 1 :]
        or left[start:] == right[start + 1 :]
        or left[start + 1 :] == right[start:]
    )


def verdict(
    tally: Tally,
    *,
    agreeing: Sequence[Difference] = (),
    is_compared: bool,
    is_odd: bool = False,
    total: int = 0,
    different: int | None = None,
) -> tuple[Blame, Confidence]:
    """Tell who is wrong, and how sure that is.

    `agreeing`: other descriptions that allow what was seen. `is_compared`: another description has the place, and
    allows no more than this one. `is_odd`: the values are placeholders or misspelt. `total`: how many values were
    seen. `different`: how many different values were odd; one that is repeated is one odd value.
    """
    if any(not each.is_version for each in agreeing):
        return Blame.SPEC, Confidence.HIGH
    if is_odd:
        return Blame.SAMPLE, Confidence.HIGH if tally.exchanges < ENOUGH else Confidence.MEDIUM
    if agreeing:
        return Blame.UNDECIDED, Confidence.MEDIUM
    if is_compared and (tally.exchanges < ENOUGH or different == 1):
        return Blame.SAMPLE, Confidence.MEDIUM
    share = tally.count / total if total else 0.0
    if is_compared:
        return (Blame.SPEC if share >= _OFTEN else Blame.UNDECIDED), _sureness(share >= _MOSTLY)
    if tally.exchanges >= ENOUGH:
        return Blame.SPEC, _sureness(share >= _SOMETIMES)
    return Blame.UNDECIDED, Confidence.LOW


def _sureness(is_sure: bool) -> Confidence:  # noqa: FBT001 - a private shorthand
    return Confidence.HIGH if is_sure else Confidence.MEDIUM
