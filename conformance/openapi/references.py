"""Following `$ref`: inside the document by JSON Pointer or anchor, outside it only where allowed by name.

Pointers are walked here and not through `referencing`, for two reasons: an OpenAPI document is not a JSON Schema
resource, so its anchors are not found there, and a reader of findings needs the pointer of the target, which
`referencing` does not give. `referencing` serves the JSON Schema oracle.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from os.path import normpath
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from conformance.errors import ReferenceRefused
from conformance.model.value import Value
from conformance.openapi.document import Document, escape, load, step, tokens

_MAX_HOPS: Final = 64
_REMOTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")


def _file(document: Document) -> Path:
    return (document.folder or Path()) / Path(document.path).name


class Place(Value, frozen=True, kw_only=True):
    """A value with the document and the pointer where it stands."""

    document: Document
    pointer: str
    value: Any

    def child(self, token: str | int) -> Place:
        """The place of a member or item, which must be there."""
        return Place(document=self.document, pointer=f"{self.pointer}/{escape(str(token))}", value=self.value[token])


class References:
    """Resolves the references of one document and of the files that it may refer to."""

    def __init__(self, document: Document, *, allowed: frozenset[str] = frozenset()) -> None:
        """Keep the document and the names of the files that its references may lead to."""
        self.document = document
        self._allowed = allowed
        self._documents: dict[str, Document] = {normpath(_file(document)): document}
        self._anchors: dict[str, dict[str, str]] = {}

    @property
    def root(self) -> Place:
        """The place of the whole document."""
        return Place(document=self.document, pointer="", value=self.document.data)

    def resolve(self, place: Place) -> Place:
        """Follow `$ref` until there is none; a value without `$ref` is given back as it is.

        Raises:
            DocumentError: a reference leads nowhere, in a circle, or is not a string.
            ReferenceRefused: it leads to a file or host that was not allowed by name.

        """
        start = place
        hops = 0
        while isinstance(place.value, Mapping) and "$ref" in place.value:
            hops += 1
            if hops > _MAX_HOPS:
                start.document.fail(start.pointer, what="a $ref that leads in a circle", expected="a $ref with an end")
            place = self.follow(place)
        return place

    def follow(self, place: Place) -> Place:
        """Follow the `$ref` of a value once.

        Raises:
            DocumentError: the reference leads nowhere or is not a string.
            ReferenceRefused: it leads to a file or host that was not allowed by name.

        """
        reference = place.value["$ref"]
        where = f"{place.pointer}/$ref"
        if not isinstance(reference, str):
            place.document.fail(where, what=f"the $ref {reference!r}", expected="a string")
        base, _, fragment = reference.partition("#")
        document = self._open(base, place.document, where) if base else place.document
        pointer = unquote(fragment)
        if pointer and not pointer.startswith("/"):
            found = self._anchors_of(document).get(pointer)
            if found is None:
                place.document.fail(where, what=f"no schema has the $anchor {pointer!r}", expected="one that has it")
            pointer = found
        node = document.data
        try:
            for token in tokens(pointer):
                node = step(node, token)
        except KeyError:
            place.document.fail(where, what=f"{reference!r} leads nowhere", expected="something at its end")
        return Place(document=document, pointer=pointer, value=node)

    def _open(self, base: str, document: Document, where: str) -> Document:
        is_remote = _REMOTE.match(base) is not None
        if base not in self._allowed or is_remote:
            line, column = document.position(where)
            remedy = "a copy of it beside the document" if is_remote else f"`--allow-reference {base}`"
            raise ReferenceRefused(
                path=document.path,
                line=line,
                column=column,
                what=f"the $ref leads out of the document to {base!r}",
                expected=f"a $ref within the document, or {remedy}",
            )
        path = normpath((document.folder or Path()) / unquote(base))
        if path not in self._documents:
            self._documents[path] = load(Path(path))
        return self._documents[path]

    def _anchors_of(self, document: Document) -> Mapping[str, str]:
        if document.path in self._anchors:
            return self._anchors[document.path]
        found = self._anchors[document.path] = {}
        waiting: list[tuple[str, Any]] = [("", document.data)]
        while waiting:
            pointer, node = waiting.pop()
            if isinstance(node, Mapping):
                if isinstance(node.get("$anchor"), str):
                    found[node["$anchor"]] = pointer
                waiting.extend((f"{pointer}/{escape(key)}", node[key]) for key in node)
            elif isinstance(node, list):
                waiting.extend((f"{pointer}/{index}", item) for index, item in enumerate(node))
        return found
