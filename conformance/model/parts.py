"""Cells in parts: what pieces of one recording found, added up to what the whole would have found.

A part is a cell whose samples stand in the order in which they were found, and which says in its facts where a rule of
ours crashed first: that is all that has to be known beyond counts. Adding up parts is associative.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, Final

from msgspec.structs import replace

from conformance.model.report import SAMPLES, Cell, Recurring, Tally, total

CRASHED: Final = "crashed at"
"""The fact of a part: by operation and rule, the index of the first exchange at which the rule crashed."""
PART: Final = "part"
"""The fact of what a shard says of a recording: the id of its cell, which part it is and of how many."""
LOST: Final = "lost"
"""The fact of a cell: which of its parts could not be read."""


def added(cell_id: str, parts: Iterable[Cell]) -> Cell:
    """Add up parts of a recording, in their order; the result is a part."""
    known = list(parts)
    keys = sorted({key for part in known for key in part.tallies})
    names = sorted({name for part in known for name in part.findings})
    crashed = {key: _first_crashes(key, known) for key in keys}
    return Cell(
        id=cell_id,
        tallies={key: _tally(key, known, crashed[key]) for key in keys},
        findings={name: _recurring([part.findings[name] for part in known if name in part.findings]) for name in names},
        out_of_scope=sum(part.out_of_scope for part in known),
        unreadable=tuple(chain.from_iterable(part.unreadable for part in known)),
        facts=_facts(crashed, [reason for part in known for reason in part.facts.get(LOST, ())]),
    )


def whole(part: Cell) -> Cell:
    """Give the cell that a part is, where nothing is missing any more."""
    findings = {
        name: replace(found, samples=tuple(sorted(found.samples, key=lambda each: each.order)))
        for name, found in part.findings.items()
    }
    return replace(part, findings=findings, facts={name: fact for name, fact in part.facts.items() if name != CRASHED})


def part(recording: str, parts: Iterable[Cell], *, number: int, count: int) -> Cell:
    """Give what one of several shards says of a recording; `joined` puts them together."""
    made = added(f"{recording} (part {number} of {count})", parts)
    return replace(made, facts={**made.facts, PART: {"of": recording, "number": number, "count": count}})


def joined(cells: Mapping[str, Cell]) -> dict[str, Cell]:
    """Give cells by their ids, those that are all the parts of a recording put together."""
    found: dict[tuple[str, int], dict[int, Cell]] = {}
    rest: dict[str, Cell] = {}
    for cell in cells.values():
        place = cell.facts.get(PART)
        if place is None:
            rest[cell.id] = cell
        else:
            found.setdefault((place["of"], place["count"]), {})[place["number"]] = cell
    for (recording, count), numbered in found.items():
        if recording in rest:
            continue  # put together before
        if len(numbered) == count:
            rest[recording] = whole(added(recording, [numbered[number] for number in sorted(numbered)]))
        else:
            rest |= {cell.id: cell for cell in numbered.values()}
    return dict(sorted(rest.items()))


def _facts(crashed: Mapping[str, Mapping[str, tuple[int, str]]], lost: list[str]) -> dict[str, Any]:
    found = {key: {rule: index for rule, (index, _) in rules.items()} for key, rules in crashed.items() if rules}
    return {**({CRASHED: found} if found else {}), **({LOST: lost} if lost else {})}


def _first_crashes(key: str, parts: Iterable[Cell]) -> dict[str, tuple[int, str]]:
    """Give the first crash of each rule: the index of the exchange, and the reason."""
    first: dict[str, tuple[int, str]] = {}
    for part in parts:
        tally = part.tallies.get(key)
        for rule, reason in tally.crashed.items() if tally is not None else ():
            index = part.facts[CRASHED][key][rule]
            if rule not in first or index < first[rule][0]:
                first[rule] = (index, reason)
    return first


def _tally(key: str, parts: Iterable[Cell], crashed: Mapping[str, tuple[int, str]]) -> Tally:
    made = total(part.tallies[key] for part in parts if key in part.tallies)
    return replace(made, crashed={rule: crashed[rule][1] for rule in sorted(crashed)})


def _recurring(found: list[Recurring]) -> Recurring:
    ordered = sorted(found, key=lambda each: each.samples[0].index)
    samples = sorted((sample for each in ordered for sample in each.samples), key=lambda sample: sample.index)
    return replace(
        ordered[0],
        count=sum(each.count for each in ordered),
        samples=tuple(samples[:SAMPLES]),
        last=max((each.last for each in ordered), key=lambda place: place.index),
    )
