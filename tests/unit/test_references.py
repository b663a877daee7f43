"""Following `$ref`: where it leads, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.errors import DocumentError, ReferenceRefused
from conformance.openapi.document import load, parse
from conformance.openapi.references import Place, References


def references(text: str, *, allowed: frozenset[str] = frozenset(), path: str = "spec.yaml") -> References:
    return References(parse(text.encode(), path=path), allowed=allowed)


def start(found: References) -> Place:
    return found.root.child("start")


@pytest.mark.parametrize(
    ("reference", "pointer"),
    [
        ("#/end", "/end"),
        ("#", ""),
        ("", ""),
        ("#/a~1b/c~0d", "/a~1b/c~0d"),
        ("#/a~1b/%7Bid%7D", "/a~1b/{id}"),
        ("#/a~1b/{id}", "/a~1b/{id}"),
        ("#/a~1b/list/1", "/a~1b/list/1"),
        ("#/%C3%A9", "/é"),
        ("#named", "/a~1b/list/0"),
    ],
)
def test_reference_leads_to_the_place_of_its_pointer(reference: str, pointer: str) -> None:
    found = references(
        f"start: {{$ref: '{reference}'}}\n"
        "end: {type: string}\n"
        "a/b: {c~d: 1, '{id}': 2, list: [{$anchor: named}, 3]}\n"
        "é: 4\n"
    )
    place = found.follow(start(found))
    assert place.pointer == pointer
    assert place.value == found.document.at(pointer)


def test_chain_is_followed_to_its_end() -> None:
    found = references("start: {$ref: '#/a'}\na: {$ref: '#/b'}\nb: {$ref: '#/c'}\nc: 1")
    assert found.follow(start(found)).pointer == "/a"
    assert found.resolve(start(found)).pointer == "/c"
    assert found.resolve(found.root.child("c")).value == 1


@pytest.mark.parametrize(
    ("reference", "what"),
    [
        ("'#/nowhere'", "'#/nowhere' leads nowhere"),
        ("'#/list/2'", "'#/list/2' leads nowhere"),
        ("'#/list/-'", "leads nowhere"),
        ("'#/list/one'", "leads nowhere"),
        ("'#/text/0'", "leads nowhere"),
        ("'#nobody'", "$anchor 'nobody'"),
        ("7", "the $ref 7"),
        ("[a]", "the $ref ['a']"),
        ("", "the $ref None"),
    ],
)
def test_broken_reference_names_its_place(reference: str, what: str) -> None:
    found = references(f"list: [a, b]\ntext: abc\nstart:\n  $ref: {reference}\n")
    with pytest.raises(DocumentError) as caught:
        found.follow(start(found))
    assert what in caught.value.what
    assert (caught.value.line, caught.value.column) == (4, 3)


@pytest.mark.parametrize("circle", ["start: {$ref: '#/start'}", "start: {$ref: '#/b'}\nb: {$ref: '#/start'}"])
def test_circle_has_no_end(circle: str) -> None:
    found = references(circle)
    with pytest.raises(DocumentError, match=r"spec\.yaml:1:1: a \$ref that leads in a circle"):
        found.resolve(start(found))


@pytest.mark.parametrize(
    ("reference", "remedy"),
    [
        ("other.yaml#/a", "`--allow-reference other.yaml`"),
        ("../other.yaml", "`--allow-reference ../other.yaml`"),
        ("https://example.com/a.yaml#/a", "a copy of it beside the document"),
        ("file:///etc/passwd", "a copy of it beside the document"),
        ("//example.com/a.yaml", "a copy of it beside the document"),
        ("http://[broken#/a", "a copy of it beside the document"),
    ],
)
def test_reference_out_of_the_document_is_refused(reference: str, remedy: str) -> None:
    found = references(f"a: 1\nstart:\n  $ref: '{reference}'\n")
    with pytest.raises(ReferenceRefused) as caught:
        found.follow(start(found))
    assert (caught.value.line, caught.value.column) == (3, 3)
    assert remedy in caught.value.expected


def test_remote_reference_is_refused_even_when_named() -> None:
    url = "https://example.com/a.yaml"
    found = references(f"start: {{$ref: '{url}'}}", allowed=frozenset({url}))
    with pytest.raises(ReferenceRefused):
        found.follow(start(found))


def test_named_files_are_read_beside_the_document(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "main.yaml").write_text("start: {$ref: 'sub/a.yaml#/x'}")
    (tmp_path / "sub" / "a.yaml").write_text("x: {$ref: b.yaml}\ny: {$ref: '#/z'}\nz: own")
    (tmp_path / "sub" / "b.yaml").write_text("{$ref: 'a.yaml#/y'}")
    (tmp_path / "b.yaml").write_text("the wrong one")
    allowed = frozenset({"sub/a.yaml", "a.yaml", "b.yaml"})
    found = References(load(tmp_path / "main.yaml"), allowed=allowed)
    place = found.resolve(start(found))
    assert place.value == "own"
    assert place.pointer == "/z"
    assert Path(place.document.path) == tmp_path / "sub" / "a.yaml"


def test_same_name_in_two_folders_is_two_files(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "main.yaml").write_text("start: {$ref: b.yaml}\nagain: {$ref: 'sub/a.yaml'}")
    (tmp_path / "sub" / "a.yaml").write_text("{$ref: b.yaml}")
    (tmp_path / "b.yaml").write_text("upper")
    (tmp_path / "sub" / "b.yaml").write_text("lower")
    found = References(load(tmp_path / "main.yaml"), allowed=frozenset({"b.yaml", "sub/a.yaml"}))
    assert found.resolve(start(found)).value == "upper"
    assert found.resolve(found.root.child("again")).value == "lower"


def test_named_file_that_is_missing_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "main.yaml").write_text("start: {$ref: none.yaml}")
    found = References(load(tmp_path / "main.yaml"), allowed=frozenset({"none.yaml"}))
    with pytest.raises(DocumentError, match=r"none\.yaml:1:1: cannot be read"):
        found.follow(start(found))


def test_anchors_belong_to_their_own_file(tmp_path: Path) -> None:
    (tmp_path / "main.yaml").write_text("start: {$ref: 'other.yaml#here'}\nx: {$anchor: here}")
    (tmp_path / "other.yaml").write_text("a: 1\ny: {$anchor: here, title: other}")
    found = References(load(tmp_path / "main.yaml"), allowed=frozenset({"other.yaml"}))
    place = found.follow(start(found))
    assert (place.pointer, place.value["title"]) == ("/y", "other")


def test_place_of_a_child_is_escaped() -> None:
    found = references("a/b: {c~d: [x]}")
    place = found.root.child("a/b").child("c~d").child(0)
    assert (place.pointer, place.value) == ("/a~1b/c~0d/0", "x")
