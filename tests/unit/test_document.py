"""Reading documents: what is refused and where, and the place of every pointer."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from conformance.errors import DocumentError
from conformance.openapi import document
from conformance.openapi.document import MAX_BYTES, Document, load, parse
from conformance.openapi.yaml_values import MAX_ALIASED_NODES, MAX_DEPTH

OFFICIAL = Path(__file__).parents[2] / ".." / "shared" / "official" / "twilio_api_v2010.json"


def read(text: str | bytes) -> Document:
    return parse(text if isinstance(text, bytes) else text.encode(), path="spec")


def refused(text: str | bytes) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        read(text)
    return caught.value


BROKEN = [
    pytest.param('{"a": 1 "b": 2}', 1, 9, "delimiter", id="json comma missing"),
    pytest.param('{"a": 1', 1, 8, "delimiter", id="json cut off"),
    pytest.param('{"a":\n  tru}', 2, 3, "Expecting value", id="json word"),
    pytest.param('{"a": 1}\n{"b": 2}', 2, 1, "Extra data", id="two json values"),
    pytest.param('{\n  "a": NaN\n}', 2, 8, "invalid character", id="json NaN"),
    pytest.param('{\n "a": 1,\n "a": 2\n}', 3, 2, "'a' a second time", id="json duplicate key"),
    pytest.param('{"b": {"c": [{"x": 1, "y": 2, "x": 3}]}}', 1, 31, "'x' a second time", id="json deep duplicate"),
    pytest.param('{"a": ' + "9" * 5000 + "}", 1, 7, "out of range", id="json number too long"),
    pytest.param('{"a": "x\\ud800"}', 1, 7, '"x\\ud800"', id="json lone surrogate"),
    pytest.param("[" * 1000 + "]" * 1000, 1, 1, "levels of nesting", id="json 1000 levels"),
    pytest.param("[" * 100_000, 1, 1, "levels of nesting", id="json 100,000 open"),
    pytest.param('{"a":' * 1000 + "1" + "}" * 1000, 1, 1, "levels of nesting", id="json 1000 objects"),
    pytest.param("a:\n- b\n c: d", 3, 3, "mapping values", id="yaml structure"),
    pytest.param("a: 1\na: 2", 2, 1, "'a' a second time", id="yaml duplicate key"),
    pytest.param("a:\n  b: 1\n  'b': 2", 3, 3, "'b' a second time", id="yaml duplicate quoted key"),
    pytest.param("a: !!python/object:os.system x", 1, 4, "tag", id="yaml python tag"),
    pytest.param("a:\n  - !local x", 2, 5, "tag", id="yaml local tag"),
    pytest.param("a: !!binary aGk=", 1, 4, "tag", id="yaml binary"),
    pytest.param("a: !!set {b}", 1, 4, "tag", id="yaml set"),
    pytest.param("a: &x [*x]", 1, 8, "anchor", id="yaml cyclic alias"),
    pytest.param("a: &x\n  b: *x", 2, 6, "anchor", id="yaml cyclic alias in mapping"),
    pytest.param("a: *nobody", 1, 4, "alias", id="yaml unknown alias"),
    pytest.param("? [a]\n: b", 1, 3, "not a scalar", id="yaml sequence as key"),
    pytest.param("a: &k b\n*k : c", 2, 1, "not a scalar", id="yaml alias as key"),
    pytest.param("a: 1\n---\nb: 2", 2, 1, "second YAML document", id="two yaml documents"),
    pytest.param("- " * 1000 + "x", 1, 2 * MAX_DEPTH + 1, "levels of nesting", id="yaml 1000 levels"),
    pytest.param("a: " + "[" * 1000, 1, 4 + MAX_DEPTH - 1, "levels of nesting", id="yaml flow 1000 levels"),
    pytest.param("a: b\nc: \x00d", 2, 4, "#x0000", id="yaml NUL"),
    pytest.param("é: b\nñ: é\x07", 2, 5, "#x0007", id="yaml control character after others"),
    pytest.param("a: " + "1" * 5000, 1, 4, "digits", id="yaml number too long"),
    pytest.param(b"a: b\nc: d\xff", 2, 5, "0xff is not UTF-8", id="not UTF-8"),
    pytest.param("ab: é".encode() + b"\xe9", 1, 6, "0xe9 is not UTF-8", id="not UTF-8 counts characters"),
    pytest.param("a: b".encode("utf-16"), 1, 1, "not UTF-8", id="UTF-16"),
]


@pytest.mark.parametrize(("text", "line", "column", "what"), BROKEN)
def test_broken_document_names_its_place(text: str | bytes, line: int, column: int, what: str) -> None:
    error = refused(text)
    assert what in error.what
    assert (error.path, error.line, error.column) == ("spec", line, column)
    assert error.expected


def bomb(levels: int) -> str:
    lines = ["a0: &a0 [" + ", ".join("x" * 10) + "]"]
    lines += [f"a{level}: &a{level} [" + ", ".join([f"*a{level - 1}"] * 10) + "]" for level in range(1, levels)]
    return "\n".join(lines)


def test_aliases_may_not_multiply() -> None:
    started = time.process_time()
    error = refused(bomb(9))
    assert error.what == "aliases that multiply"
    assert f"{MAX_ALIASED_NODES:,}" in error.expected
    assert error.line == 6
    assert time.process_time() - started < 2


def test_aliases_repeat_their_value() -> None:
    assert read(bomb(3)).data["a2"][9][9] == list("x" * 10)


def test_size_is_limited_before_anything_is_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_BYTES == 50 * 1024 * 1024
    monkeypatch.setattr(document, "MAX_BYTES", 10)
    file = tmp_path / "spec.yaml"
    file.write_text("abcdefghijk")
    with pytest.raises(DocumentError, match=r"spec\.yaml:1:1: 11 bytes, expected at most 10"):
        load(file)
    with pytest.raises(DocumentError, match=r"spec\.yaml:1:1: 11 bytes, expected at most 10"):
        parse(file.read_bytes(), path=str(file))


def test_missing_file_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"none\.yaml:1:1: cannot be read \(No such file"):
        load(tmp_path / "none.yaml")


def test_folder_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"cannot be read"):
        load(tmp_path)


def test_byte_order_mark_is_no_content() -> None:
    assert read(b'\xef\xbb\xbf{"a": 1}').data == {"a": 1}
    assert read(b"\xef\xbb\xbfa: 1").position("/a") == (1, 1)


@pytest.mark.parametrize(
    "text", ["{openapi: 3.1.0, paths: {}}", "{'openapi': 3.1.0, paths: {}}", "{ # note\n openapi: 3.1.0, paths: {}}"]
)
def test_yaml_that_starts_like_json_is_yaml(text: str) -> None:
    assert read(text).data == {"openapi": "3.1.0", "paths": {}}
    assert not read(text).is_json


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("Yes", "Yes"),
        ("on", "on"),
        ("2010-04-01", "2010-04-01"),
        ("12:30:45", "12:30:45"),
        ("3.1.0", "3.1.0"),
        ("0o17", 15),
        ("017", 17),
        ("0x1F", 31),
        ("+1", 1),
        ("-1.5e3", -1500.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("+", "+"),
        (".", "."),
        ("1_000", "1_000"),
        ("~", None),
        ("", None),
        ("null", None),
        ("True", True),
        ("'true'", "true"),
        ('"1"', "1"),
        ("!!str 1", "1"),
        ("! 1", "1"),
        (".inf", float("inf")),
        ("-.INF", float("-inf")),
        ("|-\n  x\n  y", "x\ny"),
        ("<<", "<<"),
    ],
)
def test_scalars_follow_the_core_schema_of_yaml_12(text: str, value: Any) -> None:
    found = read(f"a: {text}\n").data["a"]
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("text", "value"),
    [("!!int '7'", 7), ("!!float '1.5'", 1.5), ("!!null ''", None), ("!!bool 'true'", True), ("!!int 7", 7)],
)
def test_plain_tags_say_the_type(text: str, value: Any) -> None:
    found = read(f"a: {text}").data["a"]
    assert (type(found), found) == (type(value), value)


def test_keys_are_always_strings() -> None:
    assert read("200: a\ntrue: b\n~: c\n1.0: d").data == {"200": "a", "true": "b", "~": "c", "1.0": "d"}


def test_nothing_is_nothing() -> None:
    assert read("").data is None
    assert read("# only a comment\n").data is None


def pointers(node: Any, pointer: str = "") -> list[str]:
    found = []
    if isinstance(node, dict):
        pairs = [(document.escape(key), value) for key, value in node.items()]
    elif isinstance(node, list):
        pairs = [(str(index), value) for index, value in enumerate(node)]
    else:
        pairs = []
    for token, value in pairs:
        found += [f"{pointer}/{token}", *pointers(value, f"{pointer}/{token}")]
    return found


SAMPLE: dict[str, Any] = {
    "openapi": "3.1.0",
    "a/b": {"c~d": [1, [2, {"": None}], {}], 'é"\\': "x:{}[],\"'\n", "": {"0": True}},
    "list": [[], [[]], "text", {"deep": [{"er": -1.5}]}],
}


@pytest.mark.parametrize("indent", [None, 0, 1, 4])
def test_every_pointer_of_json_has_its_own_place(indent: int | None) -> None:
    text = json.dumps(SAMPLE, indent=indent, ensure_ascii=indent == 1)
    made = read(text)
    lines = text.split("\n")
    seen = set()
    for pointer in pointers(made.data):
        line, column = made.position(pointer)
        here = lines[line - 1][column - 1 :]
        token = document.unescape(pointer.rpartition("/")[2])
        parent = made.at(pointer.rpartition("/")[0])
        expected = token if isinstance(parent, dict) else parent[int(token)]
        found, _ = json.JSONDecoder().raw_decode("\n".join([here, *lines[line:]]))
        assert found == expected
        seen.add((line, column))
    assert len(seen) == len(pointers(made.data))


YAML = """\
openapi: 3.1.0
"a/b":
  c~d:
    - 1
    - - 2
      - {"": null}
    -   {}
  ? é
  : |
    text: no key
  200: {'0': [x, y]}
anchor: &here
  inside: 1
again: *here
"""


@pytest.mark.parametrize(
    ("pointer", "line", "column"),
    [
        ("", 1, 1),
        ("/openapi", 1, 1),
        ("/a~1b", 2, 1),
        ("/a~1b/c~0d", 3, 3),
        ("/a~1b/c~0d/0", 4, 7),
        ("/a~1b/c~0d/1", 5, 7),
        ("/a~1b/c~0d/1/0", 5, 9),
        ("/a~1b/c~0d/1/1", 6, 9),
        ("/a~1b/c~0d/1/1/", 6, 10),
        ("/a~1b/c~0d/2", 7, 9),
        ("/a~1b/é", 8, 5),
        ("/a~1b/200", 11, 3),
        ("/a~1b/200/0", 11, 9),
        ("/a~1b/200/0/1", 11, 18),
        ("/anchor/inside", 13, 3),
        ("/again", 14, 1),
        ("/again/inside", 14, 1),
        ("/a~1b/200/0/7", 11, 9),
        ("/nowhere/at/all", 1, 1),
        ("no pointer", 1, 1),
    ],
)
def test_every_pointer_of_yaml_has_its_place(pointer: str, line: int, column: int) -> None:
    assert read(YAML).position(pointer) == (line, column)


def test_every_pointer_of_yaml_is_found() -> None:
    made = read(YAML)
    aliased = {"/again/inside"}
    assert {pointer for pointer in pointers(made.data) if pointer not in made._positions} == aliased


def test_json_on_one_line_is_located() -> None:
    text = json.dumps({f"key{number}": {"value": number} for number in range(40_000)})
    assert read(text).position("/key39999/value") == (1, text.rindex('"value"') + 1)


def test_at_follows_a_pointer() -> None:
    made = read(json.dumps(SAMPLE))
    assert made.at("") == SAMPLE
    assert made.at("/a~1b/c~0d/1/1/") is None
    for wrong in ("/x", "/list/4", "/list/-1", "/list/01x", "/list/²", "/openapi/0"):
        with pytest.raises(KeyError):
            made.at(wrong)


def test_failure_names_the_place_of_a_pointer() -> None:
    with pytest.raises(DocumentError) as caught:
        read(YAML).fail("/a~1b/200", what="this", expected="that")
    assert str(caught.value) == "spec:11:3: this, expected that"


@pytest.mark.skipif(not OFFICIAL.exists(), reason="the official documents are not beside this repository")
def test_official_document_loads_quickly() -> None:
    started = time.process_time()
    made = load(OFFICIAL)
    assert time.process_time() - started < 1
    assert len(made.data["paths"]) > 100
    assert made.position("/paths") > (1, 1)
