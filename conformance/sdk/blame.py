"""Who is wrong: an SDK is suspected only where a second witness agrees with the description.

Witnesses are other SDKs, other documents (the corrected contract, the official one), and the other clients of the same
SDK. A witness against the description makes the description suspect; where witnesses contradict each other, or nobody
testifies, it is a disagreement. What the corrected contract allows is the fault of the description, whatever others do.
A note accuses no SDK.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from conformance.model.finding import Suspect
from conformance.model.rule import Severity
from conformance.model.value import Value
from conformance.sdk.observation import DISCOVERY, Departure, Observation
from conformance.sdk.rules import HABITS, SdkSide
from conformance.sdk.survey import Survey

CORRECTED: Final = "the corrected contract"
"""The name under which it testifies."""


class Verdict(Value, frozen=True, kw_only=True):
    """Who is suspected of a departure, and what the witnesses said."""

    suspect: Suspect
    agree: tuple[str, ...]
    """Witnesses that agree with the description."""
    differ: tuple[str, ...]
    """Other SDKs that do the same."""
    contradict: tuple[str, ...]
    """Documents under which it is no departure."""
    alike: tuple[str, ...] = ()
    """Other clients of the same SDK that do the same."""


def blame(departure: Departure, *, key: str, survey: Survey, others: Iterable[Survey]) -> Verdict:
    """Say who is wrong about an operation (by its key), given what all clients did."""
    agree: list[str] = []
    elsewhere: list[str] = []
    for witness, observed in survey.testimony.get(key, {}).items():
        if departure.side in observed.sides:
            is_shown = _shows(observed, departure)
            if not is_shown:
                elsewhere.append(witness)
            elif departure.rule not in HABITS:
                agree.append(witness)
    heard = [(other, _testimony(other, key, departure)) for other in others if other is not survey]
    agree += _gathered(other for other, shown in heard if shown is False)
    differ = _gathered(other for other, shown in heard if shown and other.name != survey.name)
    alike = [other.client for other, shown in heard if shown and other.name == survey.name]
    against = differ or elsewhere
    if CORRECTED in elsewhere:
        suspect = Suspect.SPEC
    elif agree and not against and departure.severity is not Severity.NOTE:
        suspect = Suspect.SDK
    elif against and not agree and departure.side is not SdkSide.FAILURE and departure.rule not in HABITS:
        suspect = Suspect.SPEC
    else:
        suspect = Suspect.DISAGREEMENT
    return Verdict(
        suspect=suspect, agree=tuple(agree), differ=tuple(differ), contradict=tuple(elsewhere), alike=tuple(alike)
    )


def _gathered(surveys: Iterable[Survey]) -> list[str]:
    """Name SDKs, each with its clients."""
    clients: dict[str, list[str]] = {}
    for survey in surveys:
        clients.setdefault(f"{survey.about.sdk} {survey.about.version}", []).append(survey.client)
    return [f"{name} ({', '.join(sorted(found))})" for name, found in clients.items()]


def _testimony(survey: Survey, key: str, departure: Departure) -> bool | None:
    """Tell whether a client shows the same departure; None where it did not come to that."""
    observed = next((each for each in survey.observations if each.operation.key == key), None)
    if observed is None or departure.side not in observed.sides:
        return None
    result = observed.sides[departure.side]
    if result.not_run or departure.case not in {DISCOVERY, *result.cases}:
        return None
    return _shows(observed, departure)


def _shows(observed: Observation, departure: Departure) -> bool:
    return any(each.identity == departure.identity for each in observed.sides[departure.side].departures)
