"""JSONPaths that are followed without the library select what the library selects, in its order."""

from __future__ import annotations

from typing import Any

import jsonpath
from hypothesis import given
from hypothesis import strategies as st

from conformance.openapi import overlay
from conformance.openapi.document import parse

NAMES = ("a", "b", "name", "/p/{id}", "x y")
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-2, 2), st.sampled_from(NAMES))
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)),
    max_leaves=20,
)
QUOTED = st.builds(lambda name, sign: f"{sign}{name}{sign}", st.sampled_from(NAMES), st.sampled_from("'\""))
PLAIN_NAMES = st.sampled_from([name for name in NAMES if name.isalpha()])


@st.composite
def segments(draw: st.DrawFn) -> str:
    match draw(st.sampled_from(["name", "names", "index", "filter"])):
        case "name":
            return f".{draw(PLAIN_NAMES)}"
        case "names":
            return f"[{', '.join(draw(st.lists(QUOTED, min_size=1, max_size=3)))}]"
        case "index":
            return f"[{draw(st.integers(0, 4))}]"
        case _:
            key = draw(PLAIN_NAMES)
            tests = [f"@.{key} == {value}" for value in draw(st.lists(QUOTED, min_size=1, max_size=3))]
            return f"[?{' || '.join(tests)}]"


@given(data=VALUES, path=st.lists(segments(), max_size=4).map("".join))
def test_paths_select_what_the_library_selects(data: Any, path: str) -> None:
    place = parse(b"{}", path="overlay.yaml")
    theirs = dict.fromkeys(match.parts for match in jsonpath.finditer(f"${path}", data, strict=True))
    assert overlay.select(f"${path}", data, place, "") == list(theirs)
