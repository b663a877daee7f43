"""Making the problems of an audit: at which place, about which keyword, on what grounds."""

from __future__ import annotations

from typing import Any

from conformance.model.audit import PLAIN, Edit, Grounds
from conformance.model.rule import Problem
from conformance.openapi.document import escape
from conformance.openapi.objects import Node


def flaw(
    node: Node | str,
    message: str,
    *,
    keyword: str,
    expected: Any = None,
    actual: Any = None,
    grounds: Grounds = PLAIN,
) -> Problem:
    """Give the problem of an object, at the keyword where the object has it, else at the object itself.

    `node` may be a pointer too, for what is no object.
    """
    return Problem(
        message=message,
        spec_pointer=node if isinstance(node, str) else node.at(keyword),
        expected=expected,
        actual=actual,
        keyword=keyword,
        grounds=grounds,
    )


def setting(node: Node, name: str, value: Any) -> Edit:
    """Give the edit that sets a field of an object."""
    return Edit(pointer=f"{node.pointer}/{escape(name)}", value=value)


def removal(pointer: str) -> Edit:
    """Give the edit that removes what stands at a pointer."""
    return Edit(pointer=pointer, is_removal=True)


def appending(pointer: str, value: Any) -> Edit:
    """Give the edit that appends to the list at a pointer, which need not be there yet."""
    return Edit(pointer=f"{pointer}/-", value=value)
