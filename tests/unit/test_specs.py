"""The five descriptions that ship, as written and corrected."""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from conformance.model.operation import Contract, Operation, Schema
from conformance.model.rule import Side
from conformance.openapi import operations, overlay
from conformance.openapi.document import Document, load, shipped
from conformance.run.suite import compiler
from conformance.schemas import constraints

SPECS = shipped()
FILES = operations.find((SPECS,))
SOURCES: dict[str, dict[str, str]] = tomllib.loads((SPECS / "SOURCES.toml").read_text(encoding="utf-8"))
ORIGINALS = SPECS.parent / ".." / "shared" / "specs"
COUNTS = {
    "twilio_messaging": 19,
    "twilio_numbers_v1": 15,
    "twilio_proxy_v1": 30,
    "twilio_routes_v2": 6,
    "twilio_voice": 20,
}
CONTRACTS = list(Contract)


@cache
def described(contract: Contract) -> tuple[Operation, ...]:
    return tuple(each for file in FILES for each in operations.read(file, contract=contract))


@cache
def document(file: Path) -> Document:
    return load(file)


@pytest.mark.parametrize("contract", CONTRACTS)
def test_all_ninety_operations_are_read(contract: Contract) -> None:
    found = described(contract)
    assert {name: sum(each.api.name == name for each in found) for name in COUNTS} == COUNTS
    assert len({each.key for each in found}) == 90
    assert {each.api.contract for each in found} == {contract}
    assert all(each.operation_id and each.responses and each.servers for each in found)
    ids = [each.operation_id for each in found]
    assert {name for name in ids if ids.count(name) > 1} == {"FetchPhoneNumber", "UpdatePhoneNumber"}


def schemas(operation: Operation) -> list[Schema]:
    found = [parameter.schema for parameter in operation.parameters]
    content = [*(operation.request_body.content if operation.request_body else ())]
    content += [media_type for answer in operation.responses for media_type in answer.content]
    found += [media_type.schema for media_type in content if media_type.schema is not None]
    return found + [schema for answer in operation.responses for schema in answer.headers.values()]


@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_schema_compiles_and_is_json_schema(contract: Contract) -> None:
    made = compiler()
    for operation in described(contract):
        for schema in schemas(operation):
            made.validator(schema, api=operation.api)
            jsonschema.Draft202012Validator.check_schema(schema.json_schema)


@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_pointer_stands_in_its_file(contract: Contract) -> None:
    for operation in described(contract):
        positions = document(SPECS / Path(operation.api.path).name)._positions
        places = [operation.pointer, *(each.pointer for each in operation.parameters)]
        places += [each.pointer for each in operation.responses]
        places += [schema.pointer for schema in schemas(operation)]
        assert [pointer for pointer in places if pointer not in positions] == []


@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_group_of_keywords_is_known(contract: Contract) -> None:
    known = {"type", "enum", "required", "bounds", "structure"}
    for operation in described(contract):
        for side in (Side.REQUEST, Side.RESPONSE):
            assert constraints.uses(operation, side).groups <= known


def test_digests_are_those_of_the_files() -> None:
    assert SOURCES.keys() == {file.name for file in FILES}
    for file in FILES:
        assert hashlib.sha256(file.read_bytes()).hexdigest() == SOURCES[file.name]["sha256"]


def test_sources_say_what_the_files_say() -> None:
    for file in FILES:
        info = document(file).data["info"]
        source = SOURCES[file.name]
        assert (source["title"], source["version"]) == (info["title"], str(info["version"]))
        assert source["origin"].endswith(".")


@pytest.mark.skipif(not ORIGINALS.is_dir(), reason="the documents as given are not beside this repository")
def test_descriptions_stand_as_they_were_given() -> None:
    assert {file.name for file in ORIGINALS.iterdir()} == SOURCES.keys()
    for file in FILES:
        assert file.read_bytes() == (ORIGINALS / file.name).read_bytes()


OVERLAYS = [(file, each) for file in FILES for each in overlay.beside(file)]


def test_voice_and_messaging_are_corrected() -> None:
    assert {file.name for file, _ in OVERLAYS} == {"twilio_messaging.yaml", "twilio_voice.yaml"}


@pytest.mark.parametrize(("file", "corrections"), OVERLAYS, ids=lambda each: getattr(each, "name", ""))
def test_every_correction_changes_something_and_has_its_evidence(file: Path, corrections: overlay.Overlay) -> None:
    made = overlay.apply(document(file), (corrections,))
    shared: Any = None
    for action, touched in zip(reversed(corrections.actions), reversed(made.touched), strict=True):
        assert touched, f"{action.target} selects nothing"
        assert action.description.endswith("."), action.target
        # A `remove` only makes room for the update after it, which says why.
        shared = shared if action.remove and action.evidence is None else action.evidence
        assert isinstance(shared, dict), action.target
        assert shared.keys() <= {"seen", "samples", "official", "source"}
        assert shared.keys() & {"seen", "official", "source"}


def test_corrections_reach_voice_and_messaging_only() -> None:
    touched = [each for each in described(Contract.CORRECTED) if each.corrections]
    assert {each.api.name for each in touched} == {"twilio_messaging", "twilio_voice"}
    assert sum(each.api.name == "twilio_messaging" for each in touched) == 19
    assert not any(each.corrections for each in described(Contract.AS_WRITTEN))


def by_key(contract: Contract, key: str) -> Operation:
    return next(each for each in described(contract) if each.key == key)


@pytest.mark.parametrize(
    ("value", "written", "corrected"),
    [
        ({"date_created": "Fri, 14 Oct 2016 21:56:34 +0000"}, False, True),
        ({"date_created": "2016-10-14T21:56:34Z"}, True, False),
        ({"answered_by": "machine_start"}, False, True),
        ({"answered_by": None}, False, True),
        ({"answered_by": "robot"}, False, False),
        ({"price": None}, False, True),
        ({"price": "-0.03"}, True, True),
        ({"sid": None}, False, False),
    ],
)
def test_corrected_call_is_what_travels(value: Any, written: bool, corrected: bool) -> None:
    found = []
    for contract in (Contract.AS_WRITTEN, Contract.CORRECTED):
        operation = by_key(contract, "twilio_voice.fetchCall")
        assert operation.success is not None
        schema = operation.success.content[0].schema
        assert schema is not None
        found.append(compiler().validator(schema, api=operation.api).is_valid(value))
    assert found == [written, corrected]


def test_each_half_of_messaging_has_its_own_server() -> None:
    for operation in described(Contract.CORRECTED):
        if operation.api.name == "twilio_messaging":
            host = "api.twilio.com" if operation.path.startswith("/Accounts") else "messaging.twilio.com"
            assert [server.host for server in operation.servers] == [host]
    assert len(by_key(Contract.AS_WRITTEN, "twilio_messaging.listMessages").servers) == 2
