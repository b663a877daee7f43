"""Overlay 1.1: what an action selects, how it merges, and which operations it touches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.errors import DocumentError
from conformance.model.operation import Contract
from conformance.openapi import operations, overlay
from conformance.openapi.document import Document, parse
from conformance.openapi.overlay import Corrected, Overlay

DATA: dict[str, Any] = {
    "text": "a",
    "none": None,
    "object": {"a": 1, "b": {"c": [1, 2]}, "d.e": {}, "f": None},
    "list": [{"n": 0}, {"n": 1}, {"n": 2}],
    "long": list(range(12)),
    "other": [True],
}


def document(data: Any = DATA) -> Document:
    return parse(yaml.safe_dump(data, sort_keys=False).encode(), path="spec.yaml")


def read(tmp_path: Path, *actions: Any, **more: Any) -> Overlay:
    file = tmp_path / "overlay.yaml"
    file.write_text(yaml.safe_dump({"overlay": "1.1.0", "info": {}, "actions": list(actions), **more}, sort_keys=False))
    return overlay.read(file)


def corrected(tmp_path: Path, *actions: Any, data: Any = DATA) -> Corrected:
    return overlay.apply(document(data), (read(tmp_path, *actions),))


@pytest.mark.parametrize(
    ("target", "update", "place", "expected"),
    [
        ("$.object", {"a": 2}, "/object/a", 2),
        ("$.object", {"new": {"x": [1]}}, "/object/new", {"x": [1]}),
        ("$.object", {"b": {"c": [3]}}, "/object/b/c", [1, 2, 3]),
        ("$.object", {"f": "was null"}, "/object/f", "was null"),
        ("$.object", {"a": None}, "/object/a", None),
        ("$.object.b.c", 3, "/object/b/c", [1, 2, 3]),
        ("$.object.b.c", [3, 4], "/object/b/c", [1, 2, 3, 4]),
        ("$.object.b.c", [[3]], "/object/b/c", [1, 2, [3]]),
        ("$.object.b.c", {"x": 1}, "/object/b/c", [1, 2, {"x": 1}]),
        ("$.object.b.c", None, "/object/b/c", [1, 2, None]),
        ("$.text", "b", "/text", "b"),
        ("$.none", False, "/none", False),
        ("$.list[1]", {"m": 1}, "/list/1", {"n": 1, "m": 1}),
        ("$", {"text": "b"}, "/text", "b"),
        ("$['object']['d.e']", {"x": 1}, "/object/d.e", {"x": 1}),
        ('$["object"]["b"]', {"x": 1}, "/object/b/x", 1),
        ("$.list[?@.n == 1]", {"m": 1}, "/list/1", {"n": 1, "m": 1}),
        ("$.list[-1]", {"m": 1}, "/list/2", {"n": 2, "m": 1}),
    ],
)
def test_update_merges_objects_extends_lists_and_replaces_values(
    tmp_path: Path, target: str, update: Any, place: str, expected: Any
) -> None:
    made = corrected(tmp_path, {"target": target, "update": update})
    assert made.document.at(place) == expected


def test_update_reaches_every_node_that_is_selected(tmp_path: Path) -> None:
    made = corrected(tmp_path, {"target": "$.list[*]", "update": {"m": []}}, {"target": "$.list[0].m", "update": 1})
    assert made.document.at("/list") == [{"n": 0, "m": [1]}, {"n": 1, "m": []}, {"n": 2, "m": []}]
    made = corrected(tmp_path, {"target": "$['list', 'other']", "update": 7})
    assert made.document.at("/list/3") == made.document.at("/other/1") == 7


@pytest.mark.parametrize(
    ("target", "place", "expected"),
    [
        ("$.object.b", "/object", {"a": 1, "d.e": {}, "f": None}),
        ("$.list[1]", "/list", [{"n": 0}, {"n": 2}]),
        ("$.list[0, 2]", "/list", [{"n": 1}]),
        ("$.long[?@ >= 9]", "/long", list(range(9))),
        ("$.long[9:11]", "/long", [*range(9), 11]),
        ("$.long[*]", "/long", []),
        ("$.object['b', 'b']", "/object", {"a": 1, "d.e": {}, "f": None}),
        ("$.object..*", "/object", {}),
        ("$.list[?@.n == 7]", "/list", DATA["list"]),
    ],
)
def test_remove_takes_every_node_that_is_selected(tmp_path: Path, target: str, place: str, expected: Any) -> None:
    made = corrected(tmp_path, {"target": target, "remove": True, "update": {"ignored": 1}})
    assert made.document.at(place) == expected


def test_copy_takes_the_value_of_one_node(tmp_path: Path) -> None:
    made = corrected(
        tmp_path,
        {"target": "$.list[*]", "copy": "$.object.b"},
        {"target": "$.list[0].c", "update": 3},
    )
    assert made.document.at("/list") == [{"n": 0, "c": [1, 2, 3]}, {"n": 1, "c": [1, 2]}, {"n": 2, "c": [1, 2]}]
    assert made.document.at("/object/b/c") == [1, 2]


def test_actions_see_what_those_before_them_made(tmp_path: Path) -> None:
    made = corrected(
        tmp_path,
        {"target": "$.object", "remove": True},
        {"target": "$", "update": {"object": {"a": "anew"}}},
        {"target": "$.object.a", "update": "twice"},
    )
    assert made.document.at("/object") == {"a": "twice"}
    assert made.touched == (frozenset({"/object"}), frozenset({""}), frozenset({"/object/a"}))


def test_target_that_selects_nothing_changes_nothing(tmp_path: Path) -> None:
    made = corrected(tmp_path, {"target": "$.nowhere.at.all[3]", "update": 1}, {"target": "$.object.z", "remove": True})
    assert made.document.data == DATA
    assert made.touched == (frozenset(), frozenset())


@pytest.mark.parametrize(
    ("action", "key", "what"),
    [
        ({"target": "$.object", "update": "text"}, "update", "cannot be merged"),
        ({"target": "$.object", "update": [1]}, "update", "cannot be merged"),
        ({"target": "$.object", "update": {"a": {}}}, "update", "{} cannot be merged with 1"),
        ({"target": "$.object", "update": {"b": None}}, "update", "cannot be merged"),
        ({"target": "$.object", "update": {"b": {"c": {}}}}, "update", "cannot be merged with [1, 2]"),
        ({"target": "$.text", "update": {}}, "update", "cannot be merged"),
        ({"target": "$.text", "update": []}, "update", "cannot be merged"),
        ({"target": "$", "update": "text"}, "update", "cannot be merged"),
        ({"target": "$.*", "update": {}}, "target", "selects arrays and objects and primitive values"),
        ({"target": "$", "remove": True}, "target", "the whole document"),
        ({"target": "$.text", "copy": "$.list[*].n"}, "copy", "selects 3 nodes"),
        ({"target": "$.text", "copy": "$.nowhere"}, "copy", "selects 0 nodes"),
        ({"target": "$.list[", "update": {}}, "target", "is no JSONPath"),
        ({"target": "object", "update": {}}, "target", "is no JSONPath"),
        ({"target": "$.object.~", "update": {}}, "target", "is no JSONPath"),
    ],
)
def test_action_that_cannot_be_applied_names_its_place(
    tmp_path: Path, action: dict[str, Any], key: str, what: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        corrected(tmp_path, {"target": "$.text", "update": "b"}, action)
    assert what in caught.value.what
    assert "\n" not in str(caught.value)
    assert caught.value.path.endswith("overlay.yaml")
    line = 6 + list(action).index(key)
    assert (caught.value.line, caught.value.column) == (line, 3)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("openapi: 3.1.0", 1, "no `overlay: 1.x.y`"),
        ("overlay: 2.0.0", 1, "no `overlay: 1.x.y`"),
        ("- overlay", 1, "no `overlay: 1.x.y`"),
        ("overlay: 1.1.0", 1, "no list of actions"),
        ("overlay: 1.1.0\nactions: []", 2, "no list of actions"),
        ("overlay: 1.1.0\nactions: {}", 2, "no list of actions"),
        ("overlay: 1.1.0\nactions:\n- text", 3, "without a target"),
        ("overlay: 1.1.0\nactions:\n- update: {}", 3, "without a target"),
        ("overlay: 1.1.0\nactions:\n- target: 7", 3, "without a target"),
        ("overlay: 1.1.0\nactions:\n- target: $", 3, "does nothing"),
        ("overlay: 1.1.0\nactions:\n- target: $\n  remove: false", 3, "does nothing"),
        ("overlay: 1.1.0\nactions:\n- target: $\n  update: {}\n  copy: $", 3, "both an update and a copy"),
        ("overlay: 1.1.0\nactions:\n- target: $\n  copy: 7", 4, "7"),
    ],
)
def test_what_is_no_overlay_is_refused(tmp_path: Path, text: str, line: int, what: str) -> None:
    file = tmp_path / "overlay.yaml"
    file.write_text(text)
    with pytest.raises(DocumentError) as caught:
        overlay.read(file)
    assert what in caught.value.what
    assert caught.value.line == line


def test_reading_keeps_what_an_action_says(tmp_path: Path) -> None:
    made = read(
        tmp_path,
        {"target": "$.a", "update": None, "description": "why", "x-evidence": {"seen": 3}},
        {"target": "$.b", "remove": True},
        extends="spec.yaml",
    )
    first, second = made.actions
    assert (made.extends, first.pointer, first.update, first.description) == ("spec.yaml", "/actions/0", None, "why")
    assert first.evidence == {"seen": 3}
    assert (second.remove, second.evidence, second.description) == (True, None, "")


def test_the_document_as_written_is_left_alone(tmp_path: Path) -> None:
    before = document()
    made = overlay.apply(before, (read(tmp_path, {"target": "$.object.b.c", "update": 3}),))
    assert before.data == DATA
    assert made.document.position("/object/b/c") == before.position("/object/b/c")
    assert made.document.position("/object/new") == before.position("/object")


def test_correction_of_one_place_leaves_its_yaml_aliases_alone(tmp_path: Path) -> None:
    before = parse(b"a: &x {type: string}\nb: *x\nc: [*x]", path="spec.yaml")
    made = overlay.apply(before, (read(tmp_path, {"target": "$.a", "update": {"type": "integer"}}),))
    assert made.document.data == {"a": {"type": "integer"}, "b": {"type": "string"}, "c": [{"type": "string"}]}


def test_digest_tells_corrections_apart(tmp_path: Path) -> None:
    first = corrected(tmp_path, {"target": "$.text", "update": "b"})
    second = corrected(tmp_path, {"target": "$.text", "update": "c"})
    assert len({document().digest, first.digest, second.digest}) == 3
    assert corrected(tmp_path, {"target": "$.text", "update": "b"}).digest == first.digest


SPEC = """
openapi: 3.1.0
paths:
  /a:
    parameters: [{name: p, in: query}]
    get: {operationId: getA, responses: {200: {$ref: '#/components/responses/A'}}}
    post: {operationId: postA, responses: {200: {description: none}}}
  /b:
    get:
      operationId: getB
      responses:
        200: {content: {application/json: {schema: {$ref: '#/components/schemas/Tree'}, example: {$ref: text}}}}
  /c:
    get: {operationId: getC, responses: {200: {description: none}}}
components:
  responses: {A: {content: {application/json: {schema: {$ref: '#/components/schemas/Leaf'}}}}}
  schemas:
    Tree:
      properties: {left: {$ref: '#/components/schemas/Tree'}, leaf: {$ref: '#/components/schemas/Leaf'}}
    Leaf: {type: string}
    Unused: {type: string}
"""


@pytest.mark.parametrize(
    ("target", "keys"),
    [
        ("$.components.schemas.Leaf", {"getA", "getB"}),
        ("$.components.schemas.Tree", {"getB"}),
        ("$.components.schemas.Tree.properties", {"getB"}),
        ("$.components.schemas.Unused", set()),
        ("$.components.responses.A", {"getA"}),
        ("$.paths['/a'].parameters[0]", {"getA", "postA"}),
        ("$.paths['/a']", {"getA", "postA"}),
        ("$.paths['/a'].get", {"getA"}),
        ("$.paths['/a'].get.responses['200']", {"getA"}),
        ("$.info", set()),
    ],
)
def test_corrections_count_for_the_operations_that_use_what_they_change(
    tmp_path: Path, target: str, keys: set[str]
) -> None:
    correction = read(
        tmp_path, {"target": target, "update": {"x-note": "corrected"}}, {"target": "$", "update": {"info": {}}}
    )
    made = operations.build(parse(SPEC.encode(), path="spec.yaml"), (correction,))
    assert {each.operation_id for each in made if each.corrections} == keys
    assert all(each.corrections <= 1 for each in made)


def test_overlays_are_found_beside_the_description_they_extend(tmp_path: Path) -> None:
    (tmp_path / "overlays").mkdir()
    spec = tmp_path / "spec.yaml"
    spec.write_text("openapi: 3.1.0\ninfo: {title: as written}\npaths: {/a: {get: {operationId: a}}}")
    for name, extends, title in (
        ("b.yaml", "../spec.yaml", "second"),
        ("a.yaml", "https://example.com/specs/spec.yaml", "first"),
        ("c.yaml", "../other.yaml", "another"),
    ):
        action = {"target": "$.info.title", "update": title}
        text = yaml.safe_dump({"overlay": "1.1.0", "extends": extends, "actions": [action]})
        (tmp_path / "overlays" / name).write_text(text)
    (tmp_path / "overlays" / "notes.md").write_text("no overlay")
    assert [Path(each.document.path).name for each in overlay.beside(spec)] == ["a.yaml", "b.yaml"]
    assert overlay.beside(tmp_path / "overlays" / "a.yaml") == ()
    (after,) = operations.read(spec)
    (before,) = operations.read(spec, contract=Contract.AS_WRITTEN)
    assert (after.api.title, after.api.contract) == ("second", Contract.CORRECTED)
    assert (before.api.title, before.api.contract) == ("as written", Contract.AS_WRITTEN)
    assert after.api.digest != before.api.digest
