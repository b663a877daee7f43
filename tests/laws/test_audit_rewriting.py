"""Laws of editing a document in place: the text says what the edited value is, and nothing else changes."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from conformance.model.audit import Edit
from conformance.model.rule import ABSENT
from conformance.openapi import overlay as overlays
from conformance.openapi.document import Document, escape, parse
from conformance.openapi.edits import Inapplicable, edited, ordered, overlay_steps
from conformance.openapi.rewriting import rewritten

NAMES = st.sampled_from(["a", "b_c", "type", "$ref", "200", "x y", "/p/{id}", "null", "true", "é", "it's"])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 2000),
    st.sampled_from(
        ["", "word", "two words", "null", "2010-04-01", "^[A-Z]{2}$", "a: b", "# c", "é", "- x", "'", "[", "no"]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(NAMES, VALUES, min_size=1, max_size=4)


def written(data: Any, style: str) -> Document:
    if style == "json":
        text = json.dumps(data, indent=2, ensure_ascii=False)
    elif style == "compact json":
        text = json.dumps(data, ensure_ascii=False)
    else:
        flow = {"block yaml": False, "flow yaml": True, "mixed yaml": None}[style]
        text = yaml.safe_dump(data, default_flow_style=flow, sort_keys=False, allow_unicode=True, width=1000)
    return parse(text.encode(), path="document")


STYLES = st.sampled_from(["json", "compact json", "block yaml", "flow yaml", "mixed yaml"])


def pointers(node: Any, pointer: str = "") -> list[str]:
    found = []
    if isinstance(node, dict):
        for key, child in node.items():
            found += [f"{pointer}/{escape(key)}", *pointers(child, f"{pointer}/{escape(key)}")]
    elif isinstance(node, list):
        for index, child in enumerate(node):
            found += [f"{pointer}/{index}", *pointers(child, f"{pointer}/{index}")]
    return found


def collections(node: Any, pointer: str = "") -> list[tuple[str, Any]]:
    found = [(pointer, node)] if isinstance(node, dict | list) else []
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        found += collections(child, f"{pointer}/{escape(str(key))}")
    return found


@st.composite
def edits(draw: st.DrawFn, data: Any) -> list[Edit]:
    chosen: list[Edit] = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["set", "remove", "add", "append"]))
        known = pointers(data)
        if kind in {"set", "remove"} and known:
            pointer = draw(st.sampled_from(known))
            chosen.append(
                Edit(pointer=pointer, value=draw(VALUES)) if kind == "set" else Edit(pointer=pointer, is_removal=True)
            )
        else:
            pointer, node = draw(st.sampled_from(collections(data)))
            last = "-" if isinstance(node, list) else escape(draw(NAMES))
            chosen.append(Edit(pointer=f"{pointer}/{last}", value=draw(VALUES)))
    return [edit for index, edit in enumerate(chosen) if not _touched(edit, chosen[:index])]


def _touched(edit: Edit, others: list[Edit]) -> bool:
    """Corrections concern different places; an edit inside of what another one replaces has no meaning."""
    return any(
        f"{edit.pointer}/".startswith(f"{other.pointer}/") or f"{other.pointer}/".startswith(f"{edit.pointer}/")
        for other in others
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[Document, list[Edit]]:
    document = written(draw(DOCUMENTS), draw(STYLES))
    return document, draw(edits(document.data))


@settings(max_examples=80, deadline=None)
@given(cases())
def test_the_text_is_what_the_edited_value_is(case: tuple[Document, list[Edit]]) -> None:
    document, steps = case
    assert parse(rewritten(document, steps), path="document").data == edited(document, steps).data


@settings(max_examples=80, deadline=None)
@given(cases())
def test_lines_that_no_edit_concerns_stay(case: tuple[Document, list[Edit]]) -> None:
    document, steps = case
    assume(not document.is_json and b"\n" in document.text.rstrip())
    before = document.text.decode().splitlines()
    after = rewritten(document, steps).decode().splitlines()
    concerned = sum(1 + json.dumps(_at(document.data, step.pointer), default=str).count(",") * 4 + 8 for step in steps)
    assert len(set(before) - set(after)) <= concerned + sum(len(str(step.value)) for step in steps)


def _at(data: Any, pointer: str) -> Any:
    try:
        return Document(path="", text=b"", data=data, is_json=True).at(pointer)
    except KeyError:
        return None


@settings(max_examples=40, deadline=None)
@given(DOCUMENTS, STYLES)
def test_no_edit_changes_nothing(data: Any, style: str) -> None:
    document = written(data, style)
    assert rewritten(document, []) == document.text


@settings(max_examples=80, deadline=None)
@example((written({"a": [[]]}, "json"), [Edit(pointer="/a/0/-", value=[])]))
@example((written({"a": [[]]}, "json"), [Edit(pointer="/a/0/-", value=["x"])]))
@given(cases())
def test_overlay_actions_give_the_edited_value(case: tuple[Document, list[Edit]]) -> None:
    document, steps = case
    assume(all("'" not in step.pointer for step in steps))
    actions = tuple(
        overlays.Action(
            target=step.target,
            update=step.to_json().get("update", ABSENT),
            remove=step.remove,
            copy=None,
            description="",
            evidence=None,
            pointer="",
        )
        for step in overlay_steps(document, steps)
    )
    overlay = overlays.Overlay(document=parse(b"{}", path="overlay"), extends="", actions=actions)
    wanted = edited(document, steps).data
    assume(not _has_item_changes(document, steps))
    assert overlays.apply(document, (overlay,)).document.data == wanted


def _has_item_changes(document: Document, steps: list[Edit]) -> bool:
    """An overlay cannot replace an item by another in its place, nor merge a list into a list."""
    return any(
        step.pointer.rpartition("/")[2].isdigit()
        and isinstance(_at(document.data, step.pointer.rpartition("/")[0]), list)
        for step in steps
    ) or any(step.value is None and not step.is_removal for step in steps)


def test_an_edit_that_leads_nowhere_is_refused() -> None:
    document = written({"a": {"b": 1}}, "block yaml")
    for edit in (
        Edit(pointer="/x/y", value=1),
        Edit(pointer="/a/c", is_removal=True),
        Edit(pointer="/a/b/c", value=1),
        Edit(pointer="/a/b/-", value=1),
    ):
        with pytest.raises(Inapplicable, match="nothing to edit"):
            rewritten(document, [edit])


def test_removals_go_from_the_last_to_the_first() -> None:
    steps = [Edit(pointer="/a/0", is_removal=True), Edit(pointer="/a/2", is_removal=True)]
    assert [step.pointer for step in ordered([*steps, *steps])] == ["/a/2", "/a/0"]
    assert edited(written({"a": [1, 2, 3]}, "json"), steps).data == {"a": [2]}
