"""Corrections: OpenAPI Overlay 1.0 and 1.1 documents, applied to a copy of the description.

The merge follows Overlay 1.1 (4.4.3): objects merge member by member, arrays are concatenated, a primitive
replaces a primitive, and anything else is an error. An update of an array appends an entry, or all entries of an array.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from conformance.errors import DocumentError
from conformance.model.rule import ABSENT
from conformance.model.value import Value
from conformance.openapi.document import Document, escape, load

_SEGMENT: Final = re.compile(
    r"""\.(?P<name>[A-Za-z_][A-Za-z0-9_-]*)
      | \[\s*(?P<names>(?:'[^'\\]*'|"[^"\\]*")(?:\s*,\s*(?:'[^'\\]*'|"[^"\\]*"))*)\s*\]
      | \[(?P<index>[0-9]+)\]
      | \[\?\s*@\.(?P<key>[A-Za-z_][A-Za-z0-9_-]*)\s*==\s*(?P<one>'[^'\\]*'|"[^"\\]*")
        (?P<more>(?:\s*\|\|\s*@\.(?P=key)\s*==\s*(?:'[^'\\]*'|"[^"\\]*"))*)\s*\]""",
    re.VERBOSE,
)
_QUOTED: Final = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_Path = tuple[str | int, ...]
_SUFFIXES: Final = frozenset({".yaml", ".yml", ".json"})


class Action(Value, frozen=True, kw_only=True):
    """One correction."""

    target: str
    """A JSONPath (RFC 9535)."""
    update: Any
    """What is merged into each node; `ABSENT` where the action only removes or copies."""
    remove: bool
    copy: str | None
    """A JSONPath whose value is merged into each node."""
    description: str
    evidence: Any
    """The `x-evidence` of the action: why the correction is right."""
    pointer: str
    """Where the action stands in its overlay."""


class Overlay(Value, frozen=True, kw_only=True):
    """An Overlay document."""

    document: Document
    extends: str
    actions: tuple[Action, ...]


class Corrected(Value, frozen=True, kw_only=True):
    """A description with its corrections applied."""

    document: Document
    touched: tuple[frozenset[str], ...]
    """For each action in order, the pointers that it changed."""
    digest: str


def read(path: Path) -> Overlay:
    """Read an Overlay document.

    Raises:
        DocumentError: it cannot be read or is not an Overlay.

    """
    document = load(path)
    data = document.data
    if not isinstance(data, Mapping) or not str(data.get("overlay", "")).startswith("1."):
        document.fail("", what="no `overlay: 1.x.y` at the top", expected="an OpenAPI Overlay 1.x document")
    actions = data.get("actions")
    if not isinstance(actions, list) or not actions:
        document.fail("/actions", what="no list of actions", expected="at least one action")
    return Overlay(
        document=document,
        extends=str(data.get("extends", "")),
        actions=tuple(_action(document, index) for index in range(len(actions))),
    )


def _action(document: Document, index: int) -> Action:
    pointer = f"/actions/{index}"
    node = document.data["actions"][index]
    if not isinstance(node, Mapping) or not isinstance(node.get("target"), str):
        document.fail(pointer, what="an action without a target", expected="a `target` with a JSONPath")
    if node.get("remove") is not True and ("update" in node) is ("copy" in node):
        what = "an action with both an update and a copy" if "copy" in node else "an action that does nothing"
        document.fail(pointer, what=what, expected="`update`, `remove: true` or `copy`")
    if not isinstance(node.get("copy", ""), str):
        document.fail(f"{pointer}/copy", what=f"{node['copy']!r}", expected="a JSONPath")
    return Action(
        target=node["target"],
        update=node.get("update", ABSENT),
        remove=node.get("remove") is True,
        copy=node.get("copy"),
        description=str(node.get("description", "")),
        evidence=node.get("x-evidence"),
        pointer=pointer,
    )


def beside(path: Path) -> tuple[Overlay, ...]:
    """Give the overlays in the folder `overlays` beside a description that name it in `extends`, by file name.

    Raises:
        DocumentError: one of them cannot be read.

    """
    folder = path.parent / "overlays"
    if not folder.is_dir():
        return ()
    files = (file for file in sorted(folder.iterdir()) if file.suffix in _SUFFIXES)
    found = (read(file) for file in files if path.name.encode() in file.read_bytes())
    return tuple(overlay for overlay in found if Path(overlay.extends).name == path.name)


def apply(document: Document, overlays: tuple[Overlay, ...]) -> Corrected:
    """Apply overlays in order to a copy; positions stay those of the file as written.

    A target that selects nothing changes nothing, as Overlay 1.1 says.

    Raises:
        DocumentError: a value cannot be merged where it should, or a JSONPath is broken.

    """
    data = _unshared(document.data)
    touched: list[frozenset[str]] = []
    digest = hashlib.sha256(document.text)
    for overlay in overlays:
        digest.update(overlay.document.text)
        touched += [frozenset(_apply(action, data, overlay.document)) for action in overlay.actions]
    corrected = Document(
        path=document.path, text=document.text, data=data, is_json=document.is_json, folder=document.folder
    )
    return Corrected(document=corrected, touched=tuple(touched), digest=digest.hexdigest())


def _unshared(node: Any) -> Any:
    """Give a copy in which what YAML aliases share stands by itself: a correction of one place is of one place."""
    if isinstance(node, dict):
        return {name: _unshared(child) for name, child in node.items()}
    return [_unshared(child) for child in node] if isinstance(node, list) else node


def _apply(action: Action, data: Any, overlay: Document) -> Iterator[str]:
    nodes = select(action.target, data, overlay, action.pointer)
    if action.remove:
        _remove(nodes, data, overlay, action)
    elif nodes:
        _update_all(nodes, data, overlay, action)
    yield from ("".join(f"/{escape(str(token))}" for token in path) for path in nodes)


def _remove(nodes: list[_Path], data: Any, overlay: Document, action: Action) -> None:
    if () in nodes:
        overlay.fail(f"{action.pointer}/target", what="the whole document", expected="something in it to remove")
    # Later items and inner nodes first, so that the paths of the others stay true.
    for path in sorted(
        nodes,
        key=lambda path: [(str(token), 0) if isinstance(token, str) else ("", token) for token in path],
        reverse=True,
    ):
        del _value(data, path[:-1])[path[-1]]


def _update_all(nodes: list[_Path], data: Any, overlay: Document, action: Action) -> None:
    value = action.update
    if action.copy is not None:
        sources = select(action.copy, data, overlay, action.pointer)
        if len(sources) != 1:
            what = f"{action.copy} selects {len(sources)} nodes"
            overlay.fail(f"{action.pointer}/copy", what=what, expected="exactly one to copy")
        value = _value(data, sources[0])
    kinds = {_kind(_value(data, path)) for path in nodes}
    if len(kinds) > 1:
        what = f"{action.target} selects {' and '.join(sorted(kinds))}"
        overlay.fail(f"{action.pointer}/target", what=what, expected="nodes of one kind")
    for path in nodes:
        _update(data, path, copy.deepcopy(value), overlay, action)


def _kind(node: Any) -> str:
    return "objects" if isinstance(node, dict) else "arrays" if isinstance(node, list) else "primitive values"


def _value(data: Any, path: _Path) -> Any:
    for token in path:
        data = data[token]
    return data


def _update(data: Any, path: _Path, value: Any, overlay: Document, action: Action) -> None:
    node = _value(data, path)
    if isinstance(node, list):
        node.extend(value if isinstance(value, list) else [value])
    elif isinstance(node, dict) and isinstance(value, Mapping):
        _merge(node, value, overlay, action)
    elif path and not isinstance(node, dict) and not isinstance(value, Mapping | list):
        _value(data, path[:-1])[path[-1]] = value
    else:
        _incompatible(overlay, action, node, value)


def _merge(node: dict[str, Any], value: Mapping[str, Any], overlay: Document, action: Action) -> None:
    for name, new in value.items():
        old = node.get(name)
        if name not in node:
            node[name] = new
        elif isinstance(old, dict) and isinstance(new, Mapping):
            _merge(old, new, overlay, action)
        elif isinstance(old, list) and isinstance(new, list):
            old.extend(new)
        elif not isinstance(old, dict | list) and not isinstance(new, Mapping | list):
            node[name] = new
        else:
            _incompatible(overlay, action, old, new)


def _incompatible(overlay: Document, action: Action, old: Any, new: Any) -> None:
    what = f"{json.dumps(new, default=str)[:60]} cannot be merged with {json.dumps(old, default=str)[:60]}"
    overlay.fail(
        f"{action.pointer}/update", what=what, expected="values of one kind, or a `remove` of the old one first"
    )


def select(target: str, data: Any, overlay: Document, pointer: str) -> list[_Path]:
    """Give the paths of the nodes that a JSONPath selects, each once.

    Paths of names, indices and filters such as `[?@.name == 'To']` are followed here; whatever else RFC 9535 has goes
    to the JSONPath library, whose import would cost every command more than all overlays together.

    Raises:
        DocumentError: the JSONPath is broken.

    """
    paths = _plain(target, data)
    if paths is not None:
        return paths
    import jsonpath  # noqa: PLC0415 - costs 0.1 s, for overlays with filters or wildcards only

    try:
        return list(dict.fromkeys(match.parts for match in jsonpath.finditer(target, data, strict=True)))
    except jsonpath.JSONPathError as error:
        line, column = overlay.position(f"{pointer}/target")
        raise DocumentError(
            path=overlay.path,
            line=line,
            column=column,
            what=f"{target} is no JSONPath ({str(error).partition(chr(10))[0]})",
            expected="a JSONPath (RFC 9535)",
        ) from error


def _plain(target: str, data: Any) -> list[_Path] | None:
    if not target.startswith("$"):
        return None
    found: list[tuple[_Path, Any]] = [((), data)]
    position = 1
    while position < len(target):
        match = _SEGMENT.match(target, position)
        if match is None:
            return None
        position = match.end()
        found = [((*path, token), node[token]) for path, node in found for token in _tokens(match, node)]
    return list(dict.fromkeys(path for path, _ in found))


def _tokens(match: re.Match[str], node: Any) -> list[str | int]:
    """Give the children of a node that a segment selects."""
    children: Mapping[str | int, Any]
    children = node if isinstance(node, dict) else dict(enumerate(node)) if isinstance(node, list) else {}
    if match["key"] is not None:
        wanted = _quoted(match["one"] + match["more"])
        return [token for token, child in children.items() if _holds(child, match["key"], wanted)]
    if match["index"] is not None:
        named: list[str | int] = [int(match["index"])] if isinstance(node, list) else []
    else:
        named = [match["name"]] if match["name"] is not None else [*_quoted(match["names"])]
    return [token for token in named if token in children]


def _quoted(text: str) -> list[str]:
    return [single or double for single, double in _QUOTED.findall(text)]


def _holds(child: Any, key: str, wanted: list[str]) -> bool:
    return isinstance(child, dict) and isinstance(child.get(key), str) and child[key] in wanted
