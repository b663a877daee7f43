"""The check `wrong-sid-prefix`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from conformance.model.example import answering, record
from conformance.model.http import Exchange
from conformance.model.operation import JsonSchema, Operation
from conformance.model.rule import (
    ABSENT,
    Example,
    Glance,
    Matched,
    MessageInspector,
    Part,
    Problem,
    Reading,
    Severity,
    Side,
    Stage,
    check,
)
from conformance.openapi.document import escape
from conformance.profiles.twilio import applies
from conformance.profiles.twilio.sids import prefixes_of_field
from conformance.schemas.constraints import schemas
from conformance.schemas.planting import Spot, spoiled
from conformance.schemas.walk import items, keyword, properties, spec_pointer, types

_TWILIO = "https://api.twilio.com"
_CALL = answering(record(parent_call_sid={"type": "string"}))


def _spoil(spot: Spot) -> Any:
    if not isinstance(spot.value, dict):
        return ABSENT
    for name, inner in properties(spot.schema, spot.root).items():
        if prefixes_of_field(name) and "string" in types(inner, spot.root):
            value = spot.value.get(name)
            if keyword(inner, spot.root, "pattern") is None:
                return {**spot.value, name: f"XX{value[2:] if isinstance(value, str) and value else '0' * 32}"}
    return ABSENT


def _plant(seen: Matched, side: Side) -> Iterator[Exchange]:
    return spoiled(seen, side, _spoil)


@check(
    severity=Severity.WARNING,
    stage=Stage.SCHEMA,
    good=[
        Example(
            title="the prefix of a call",
            operation=_CALL,
            server=_TWILIO,
            url=f"{_TWILIO}/things/TH00000000000000000000000000000001",
            response_body={"parent_call_sid": "CA000000000000000000000000000000ab"},
        ),
    ],
    bad=[
        Example(
            title="the prefix of a message where a call should be",
            operation=_CALL,
            server=_TWILIO,
            url=f"{_TWILIO}/things/TH00000000000000000000000000000001",
            response_body={"parent_call_sid": "SM000000000000000000000000000000ab"},
        ),
    ],
    plant=_plant,
    needs="a SID field without a pattern",
    silent_when_clear=Side.RESPONSE,
)
def wrong_sid_prefix(operation: Operation, side: Side) -> MessageInspector | None:
    """A SID has the prefix of another kind of resource, in a field for which the description has no pattern.

    The description would let any text pass here. The name of the field and Twilio's own descriptions say which prefix
    belongs there; where several resources share a name, any of their prefixes is right.

    Source: https://www.twilio.com/docs/glossary/what-is-a-sid and the patterns of Twilio's official descriptions.
    """
    if not applies(operation.api) or not any(map(_concerns, schemas(operation, side))):
        return None
    return _inspect if side is Side.RESPONSE else Glance(inspect=_inspect, part=_BODY, is_clear=_is_clear)


_BODY: Final = Part(of=lambda seen: seen.request.body)


def _is_clear(body: Any, _: Matched) -> bool:
    for name, value in body.items() if isinstance(body, dict) else ():
        prefixes = prefixes_of_field(name)
        if isinstance(value, dict | list) or (prefixes and isinstance(value, str) and not value.startswith(prefixes)):
            return False
    return not isinstance(body, list)


def _concerns(root: JsonSchema) -> bool:
    waiting = [root]
    seen: set[int] = set()
    while waiting:
        schema = waiting.pop()
        if id(schema) in seen:
            continue
        seen.add(id(schema))
        declared, inner = properties(schema, root), items(schema, root)
        if any(prefixes_of_field(name) and keyword(child, root, "pattern") is None for name, child in declared.items()):
            return True
        waiting += [*declared.values(), *([] if inner is None else [inner])]
    return False


def _inspect(reading: Reading) -> Iterator[Problem]:
    if reading.body is not ABSENT and reading.media_type is not None and reading.media_type.schema is not None:
        schema = reading.media_type.schema
        yield from _search(reading.body, schema.json_schema, schema.json_schema, "", spec_pointer(schema, []))


def _search(value: Any, schema: JsonSchema, root: JsonSchema, pointer: str, spec: str) -> Iterator[Problem]:
    if isinstance(value, dict):
        for name, child in properties(schema, root).items():
            if name not in value:
                continue
            found, place = value[name], f"{pointer}/{escape(name)}"
            prefixes = prefixes_of_field(name)
            if prefixes and isinstance(found, str) and found and keyword(child, root, "pattern") is None:
                if not found.startswith(prefixes):
                    yield Problem(
                        message=f"{found!r} does not start with {' or '.join(prefixes)}",
                        instance_pointer=place,
                        spec_pointer=spec,
                        expected=list(prefixes),
                        actual=found,
                        keyword="prefix",
                    )
            else:
                yield from _search(found, child, root, place, spec)
    elif isinstance(value, list) and (inner := items(schema, root)) is not None:
        for index, item in enumerate(value):
            yield from _search(item, inner, root, f"{pointer}/{index}", spec)
