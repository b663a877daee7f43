"""Reach: does the call go to the host, the path and the method that the document names?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conformance.model.operation import Operation
from conformance.model.rule import Problem
from conformance.sdk.discovery import Shape, Sighting, shapes
from conformance.sdk.observation import DISCOVERY, Departure, SideResult, departure


def examine(operation: Operation, sightings: Iterable[Sighting]) -> SideResult:
    """Compare where the calls go with where the document sends them."""
    seen = [each for each in sightings if each.shape is not None]
    if not seen:
        return SideResult(not_run="the SDK has no call for it")
    wanted = list(shapes(operation))
    found = [each for sighting in seen for each in _elsewhere(operation, sighting, wanted)]
    found += _unused(operation, wanted, {each.shape for each in seen if each.shape is not None})
    return SideResult(
        departures=found,
        exchanges=[each.exchange for each in seen if each.exchange is not None],
        cases={each.call.name: written(each.shape) for each in seen if each.shape is not None},
    )


def written(shape: Shape) -> str:
    """Give a shape as text."""
    method, host, path = shape
    return f"{method} https://{host}{path}"


def _unused(operation: Operation, wanted: list[Shape], hit: set[Shape]) -> Iterator[Departure]:
    """Give the documented servers that no call goes to, where some call goes to another one."""
    if not hit & set(wanted):
        return
    used = ", ".join(sorted(map(written, hit)))
    for shape in wanted:
        if shape not in hit:
            yield departure(
                "sdk-unused-server",
                Problem(
                    message=f"the document offers {written(shape)}, the SDK knows {used} only",
                    instance_pointer="/host",
                    spec_pointer=operation.pointer,
                    expected=written(shape),
                    actual=used,
                    keyword=shape[1],
                ),
                case=DISCOVERY,
            )


def _elsewhere(operation: Operation, sighting: Sighting, wanted: list[Shape]) -> Iterator[Departure]:
    """Give what is wrong with where a call goes."""
    if sighting.shape is None or sighting.shape in wanted:
        return
    method, host, path = sighting.shape
    if all(host != each[1] for each in wanted):
        rule, what, place = "sdk-other-host", f"host {host}", "/host"
    elif all(method != each[0] for each in wanted):
        rule, what, place = "sdk-other-method", f"method {method}", "/method"
    else:
        rule, what, place = "sdk-other-path", f"path {path}", "/path"
    problem = Problem(
        message=f"{sighting.call.name} uses the {what}; documented is {written(wanted[0])}",
        instance_pointer=place,
        spec_pointer=operation.pointer,
        expected=written(wanted[0]),
        actual=written(sighting.shape),
        keyword="route",
    )
    yield departure(rule, problem, case=DISCOVERY, exchange=sighting.exchange)
