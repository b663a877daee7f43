"""Edits of a document: made on its value, written as Overlay actions.

The steps of several corrections are planned together: appended members keep their order, removals of items go from the
last to the first, so that no pointer of one step means something else after another.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from conformance.model.audit import Edit
from conformance.model.rule import ABSENT
from conformance.model.value import Value
from conformance.openapi.document import Document, tokens

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Inapplicable(Exception):
    """An edit that does not fit the document: what it leads to is not there."""

    def __init__(self, edit: Edit) -> None:
        """Keep the edit."""
        super().__init__(edit)
        self.edit = edit

    def __str__(self) -> str:
        """Name the place."""
        return f"nothing to edit at {self.edit.pointer}"


def ordered(edits: Iterable[Edit]) -> list[Edit]:
    """Give edits in an order in which none moves the place of another: removals of later items come first."""
    known = list(dict.fromkeys(map(_Hashed, edits)))
    settings = [each.edit for each in known if not each.edit.is_removal]
    removals = [each.edit for each in known if each.edit.is_removal]
    replaced = {edit.pointer for edit in settings}
    members = [edit for edit in removals if edit.pointer not in replaced and not _is_item(edit.pointer)]
    items = sorted((edit for edit in removals if _is_item(edit.pointer)), key=_place, reverse=True)
    return [*settings, *members, *items]


class _Hashed:
    """An edit that can be told from another by its content."""

    __slots__ = ("edit", "key")

    def __init__(self, edit: Edit) -> None:
        self.edit = edit
        self.key = (edit.pointer, edit.is_removal, repr(edit.value))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Hashed) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


def _is_item(pointer: str) -> bool:
    return pointer.rpartition("/")[2].isdigit()


def _place(edit: Edit) -> list[tuple[int, str]]:
    return [(int(token), "") if token.isdigit() else (-1, token) for token in tokens(edit.pointer)]


def edited(document: Document, edits: Iterable[Edit]) -> Document:
    """Give a copy of a document with its value edited; positions stay those of the file as written.

    Raises:
        Inapplicable: an edit leads nowhere.

    """
    data = copy.deepcopy(document.data)
    for edit in ordered(edits):
        _apply(data, edit)
    return Document(path=document.path, text=document.text, data=data, is_json=document.is_json)


def _apply(data: Any, edit: Edit) -> None:
    *holders, last = tokens(edit.pointer)
    is_append = last == "-" and not edit.is_removal
    node = data
    for depth, token in enumerate(holders):
        makes_list = is_append and depth == len(holders) - 1 and isinstance(node, dict) and token not in node
        if makes_list:
            node[token] = []
        node = _step(node, token, edit)
    if is_append:
        if not isinstance(node, list):
            raise Inapplicable(edit)
        node.append(copy.deepcopy(edit.value))
    elif edit.is_removal:
        _step(node, last, edit)
        del node[int(last) if isinstance(node, list) else last]
    elif isinstance(node, dict):
        node[last] = copy.deepcopy(edit.value)
    elif isinstance(node, list) and last.isdigit() and int(last) < len(node):
        node[int(last)] = copy.deepcopy(edit.value)
    else:
        raise Inapplicable(edit)


def _step(node: Any, token: str, edit: Edit) -> Any:
    if isinstance(node, dict) and token in node:
        return node[token]
    if isinstance(node, list) and token.isdigit() and int(token) < len(node):
        return node[int(token)]
    raise Inapplicable(edit)


class OverlayStep(Value, frozen=True, kw_only=True):
    """One action of an Overlay, without its reason."""

    target: str
    """A JSONPath (RFC 9535)."""
    update: Any = None
    remove: bool = False

    def to_json(self) -> dict[str, Any]:
        """Give the fields of the action."""
        return (
            {"target": self.target, "remove": True} if self.remove else {"target": self.target, "update": self.update}
        )


def overlay_steps(document: Document, edits: Iterable[Edit]) -> list[OverlayStep]:
    """Give edits as actions of an Overlay 1.1 document (4.4.3): objects merge, lists grow.

    What cannot be merged (a list in the place of a word, a list in the place of a list) is removed first. Members that
    are set in one object become one action, and so do equal changes of members of one object.
    """
    steps: list[OverlayStep] = []
    updates: dict[str, dict[str, Any]] = {}
    data = document.data
    for edit in ordered(edits):
        holder, _, last = edit.pointer.rpartition("/")
        name = tokens(f"/{last}")[0]
        if edit.is_removal:
            steps.append(OverlayStep(target=json_path(edit.pointer, data), remove=True))
            continue
        if name == "-":
            outer, _, inner = holder.rpartition("/")
            if isinstance(_value(data, outer), list):
                # A list would be taken for the items to append, not for one item.
                update = [edit.value] if isinstance(edit.value, list) else edit.value
                steps.append(OverlayStep(target=json_path(holder, data), update=update))
            else:
                updates.setdefault(outer, {}).setdefault(tokens(f"/{inner}")[0], []).append(edit.value)
            continue
        old = _value(data, edit.pointer)
        if isinstance(old, Mapping | list) or (old is not ABSENT and isinstance(edit.value, Mapping | list)):
            steps.append(OverlayStep(target=json_path(edit.pointer, data), remove=True))
        updates.setdefault(holder, {})[name] = edit.value
    merged = [OverlayStep(target=json_path(pointer, data), update=value) for pointer, value in updates.items()]
    # Removals of members make room for updates; removals of items come last, where no update depends on an index.
    first = [step for step in steps if not step.target.endswith("]") or not step.target[-2].isdigit()]
    last_ones = [step for step in steps if step not in first]
    return [*_joined(first), *_joined(merged), *last_ones]


def _joined(steps: list[OverlayStep]) -> list[OverlayStep]:
    """Equal actions on members of one object as one action with several names."""
    groups: dict[tuple[str, str], list[str]] = {}
    values: dict[tuple[str, str], OverlayStep] = {}
    for step in steps:
        parent, name = _split(step.target)
        key = (parent, f"{step.remove} {step.update!r}")
        groups.setdefault(key, []).append(name)
        values.setdefault(key, step)
    return [
        OverlayStep(target=_several(key[0], names), update=values[key].update, remove=values[key].remove)
        if len(names) > 1
        else values[key]
        for key, names in groups.items()
    ]


def _split(target: str) -> tuple[str, str]:
    """The path of the parent and the name of the last step."""
    if target.endswith("']"):
        start = target.rindex("['")
        return target[:start], target[start + 2 : -2]
    parent, _, name = target.rpartition(".")
    return parent, name


def _several(parent: str, names: list[str]) -> str:
    return f"{parent}[{', '.join(_quoted(name) for name in names)}]"


def json_path(pointer: str, data: Any) -> str:
    """Give a JSON Pointer as a JSONPath; the data tells indices from names that are numbers."""
    path = "$"
    node = data
    for token in tokens(pointer):
        if isinstance(node, list):
            path += f"[{token}]"
            node = node[int(token)] if token.isdigit() and int(token) < len(node) else None
        else:
            path += f".{token}" if _PLAIN.fullmatch(token) else f"[{_quoted(token)}]"
            node = node.get(token) if isinstance(node, Mapping) else None
    return path


def _quoted(name: str) -> str:
    return "'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _value(data: Any, pointer: str) -> Any:
    for token in tokens(pointer):
        if isinstance(data, Mapping) and token in data:
            data = data[token]
        elif isinstance(data, list) and token.isdigit() and int(token) < len(data):
            data = data[int(token)]
        else:
            return ABSENT
    return data
