"""A document as an API with its operations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from posixpath import normpath
from typing import Any, Final
from urllib.parse import urlsplit

from conformance.errors import DocumentError, SettingsError
from conformance.model.operation import (
    Answer,
    Api,
    Contract,
    Location,
    MediaType,
    Operation,
    Parameter,
    RequestBody,
    Schema,
    SecurityScheme,
    Server,
)
from conformance.openapi import overlay as overlays
from conformance.openapi.dialect import self_contained
from conformance.openapi.document import Document, escape, load, tokens
from conformance.openapi.references import Place, References

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
SUFFIXES: Final = frozenset({".json", ".yaml", ".yml"})
_STYLES: Final = {
    Location.PATH: ("simple", "label", "matrix"),
    Location.QUERY: ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    Location.HEADER: ("simple",),
    Location.COOKIE: ("form",),
}
"""OpenAPI 3.1, 4.8.12.2: the default comes first."""
_IGNORED_HEADERS: Final = frozenset({"accept", "content-type", "authorization"})
"""OpenAPI 3.x, 4.7.12: header parameters with these names are to be ignored."""
DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}
_VERSION: Final = re.compile(r"3\.[01]\.\d+")
_STATUS: Final = re.compile(r"[1-5]([0-9][0-9]|XX|xx)|default")
_VARIABLE: Final = re.compile(r"\{([^}]+)\}")


def find(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    """Give the descriptions that files and folders name; a folder gives the documents directly in it, by name.

    Raises:
        SettingsError: a path does not exist, or a folder has no document.

    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = [file for file in sorted(path.iterdir()) if file.suffix in SUFFIXES and file.is_file()]
            if not inside:
                raise SettingsError(
                    where=str(path), what="no .json, .yaml or .yml in it", hint="name an OpenAPI document"
                )
            found += inside
        elif path.exists():
            found.append(path)
        else:
            raise SettingsError(where=str(path), what="no such file or folder", hint="name an OpenAPI document")
    return tuple(dict.fromkeys(found))


def read(
    path: Path, *, contract: Contract = Contract.CORRECTED, allowed: frozenset[str] = frozenset()
) -> tuple[Operation, ...]:
    """Read a description and give its operations in document order.

    `allowed` names the files that its references may lead to.

    Raises:
        DocumentError: the document is broken, or one of its overlays.

    """
    document = load(path)
    found = overlays.beside(path) if contract is Contract.CORRECTED else ()
    return build(document, found, contract=contract, allowed=allowed)


def build(
    document: Document,
    corrections: tuple[overlays.Overlay, ...] = (),
    *,
    contract: Contract = Contract.CORRECTED,
    allowed: frozenset[str] = frozenset(),
) -> tuple[Operation, ...]:
    """Give the operations of a document that is already read, with corrections applied.

    Raises:
        DocumentError: the document or a correction is broken.

    """
    touched: tuple[frozenset[str], ...] = ()
    digest = document.digest
    if corrections:
        corrected = overlays.apply(document, corrections)
        document, touched, digest = corrected.document, corrected.touched, corrected.digest
    return tuple(_Builder(document, contract=contract, digest=digest, touched=touched, allowed=allowed).operations())


class _Builder:
    """Reads one document."""

    def __init__(
        self,
        document: Document,
        *,
        contract: Contract,
        digest: str,
        touched: tuple[frozenset[str], ...],
        allowed: frozenset[str],
    ) -> None:
        self._document = document
        self._references = References(document, allowed=allowed)
        self._touched = touched
        self._shared: dict[str, Schema] = {}  # one for each component, however often it is used
        self._reached: dict[str, frozenset[str]] = {}
        self._ids: set[str] = set()
        root = self._mapping(self._references.root)
        version = root.get("openapi")
        if not isinstance(version, str) or not _VERSION.match(version):
            found = f"`swagger: {root['swagger']}`" if "swagger" in root else f"`openapi: {version}`"
            pointer = next((f"/{name}" for name in ("openapi", "swagger") if name in root), "")
            document.fail(pointer, what=found, expected="an OpenAPI 3.0 or 3.1 document")
        self._version = version
        info = self._mapping(self._references.root.child("info")) if "info" in root else {}
        self._servers = self._read_servers(self._references.root) or (_server("/"),)
        self._schemes = dict(self._read_schemes())
        self._security = self._read_security(self._references.root) or ()
        self._api = Api(
            name=Path(document.path).stem,
            title=str(info.get("title", "")),
            version=str(info.get("version", "")),
            openapi=version,
            servers=self._servers,
            digest=digest,
            contract=contract,
            path=document.path,
            locate=document.position,
        )

    def operations(self) -> Iterator[Operation]:
        """Give the operations in document order."""
        paths = self._references.root.value.get("paths", {})
        if not isinstance(paths, Mapping):
            self._document.fail(
                "/paths", what=f"{type(paths).__name__} as paths", expected="a mapping of path templates"
            )
        for template in paths:
            if template.startswith("x-"):
                continue
            place = self._references.root.child("paths").child(template)
            if not template.startswith("/"):
                self._document.fail(place.pointer, what=f"the path {template!r}", expected="a path that starts with /")
            item = self._references.resolve(place)
            self._mapping(item)
            for method in item.value:
                if method in METHODS:
                    yield self._operation(template, method, item)

    def _operation(self, template: str, method: str, item: Place) -> Operation:
        place = item.child(method)
        node = self._mapping(place)
        security = self._read_security(place)
        parameters = {(each.location, each.name): each for each in self._read_parameters(item)}
        parameters.update({(each.location, each.name): each for each in self._read_parameters(place)})
        return Operation(
            api=self._api,
            operation_id=self._read_id(place),
            method=method.upper(),
            path=template,
            summary=str(node.get("summary") or ""),
            description=str(node.get("description") or ""),
            tags=tuple(str(child.value) for child in self._children(place, "tags", list)),
            parameters=tuple(parameters.values()),
            request_body=self._read_body(place),
            responses=tuple(self._read_answers(place)),
            security=self._security if security is None else security,
            servers=self._read_servers(place) or self._read_servers(item) or self._servers,
            corrections=self._corrections(item.pointer, place),
            pointer=place.pointer,
        )

    def _read_id(self, place: Place) -> str | None:
        found = place.value.get("operationId")
        if found is None:
            return None
        if not isinstance(found, str):
            self._fail(place, "operationId", expected="a string")
        if found in self._ids:
            self._fail(place, "operationId", expected="each operationId once")
        self._ids.add(found)
        return str(found)

    def _corrections(self, item: str, place: Place) -> int:
        if not self._touched:
            return 0
        mine = {place.pointer, f"{item}/servers", f"{item}/parameters", *self._reach(place)}
        return sum(
            any(
                pointer in mine or pointer == item or any(pointer.startswith(f"{root}/") for root in mine)
                for pointer in action
            )
            for action in self._touched
        )

    def _reach(self, place: Place) -> frozenset[str]:
        """The pointers of all components that a node uses, directly or not."""
        if place.pointer in self._reached:
            return self._reached[place.pointer]
        found: set[str] = set()
        waiting = [place]
        while waiting:
            current = waiting.pop()
            for node in _references_in(current):
                try:
                    target = self._references.follow(node)
                except DocumentError:
                    continue  # the data of an example may look like a reference
                if target.pointer not in found:
                    found.add(target.pointer)
                    waiting.append(target)
        self._reached[place.pointer] = frozenset(found)
        return self._reached[place.pointer]

    def _mapping(self, place: Place) -> Mapping[str, Any]:
        if not isinstance(place.value, Mapping):
            kind = "nothing" if place.value is None else f"a {type(place.value).__name__}"
            what = f"{kind} in the place of an object" if place.pointer else f"{kind} as document"
            place.document.fail(place.pointer, what=what, expected="a mapping")
        value: Mapping[str, Any] = place.value
        return value

    def _fail(self, place: Place, key: str, *, expected: str) -> None:
        place.document.fail(
            f"{place.pointer}/{escape(key)}", what=f"`{key}: {place.value.get(key)!r}`", expected=expected
        )

    def _children(self, place: Place, key: str, kind: type[list[Any] | Mapping[str, Any]]) -> Iterator[Place]:
        value = place.value.get(key)
        if value is None:
            return
        if not isinstance(value, kind):
            self._fail(place, key, expected="a list" if kind is list else "a mapping")
        child = place.child(key)
        for token in range(len(value)) if kind is list else value:
            yield child.child(token)

    def _read_servers(self, place: Place) -> tuple[Server, ...]:
        return tuple(self._read_server(child) for child in self._children(place, "servers", list))

    def _read_server(self, place: Place) -> Server:
        node = self._mapping(place)
        url = node.get("url")
        if not isinstance(url, str):
            self._fail(place, "url", expected="a server URL")
        variables = node.get("variables", {})

        def default(match: re.Match[str]) -> str:
            variable = variables.get(match[1]) if isinstance(variables, Mapping) else None
            if not isinstance(variable, Mapping) or "default" not in variable:
                self._fail(place, "url", expected=f"a variable {match[1]!r} with a default")
                return ""
            return str(variable["default"])

        text = _VARIABLE.sub(default, str(url))
        try:
            return _server(text)
        except ValueError:
            place.document.fail(f"{place.pointer}/url", what=f"the URL {text!r}", expected="a server URL")

    def _read_parameters(self, place: Place) -> Iterator[Parameter]:
        for child in self._children(place, "parameters", list):
            found = self._references.resolve(child)
            node = self._mapping(found)
            name, where = node.get("name"), node.get("in")
            if not isinstance(name, str):
                self._fail(found, "name", expected="the name of the parameter")
            if where not in [location.value for location in Location]:
                self._fail(found, "in", expected="path, query, header or cookie")
            location = Location(where)
            if location is Location.HEADER and str(name).lower() in _IGNORED_HEADERS:
                continue
            style = node.get("style", _STYLES[location][0])
            if style not in _STYLES[location]:
                self._fail(found, "style", expected=" or ".join(_STYLES[location]))
            content = next(iter(self._read_content(found)), None)
            yield Parameter(
                name=str(name),
                location=location,
                required=node.get("required") is True or location is Location.PATH,
                style=style,
                explode=bool(node.get("explode", style == "form")),
                schema=(content and content.schema) or self._schema(found, "schema"),
                media_type=content.essence if content else None,
                description=str(node.get("description", "")),
                pointer=found.pointer,
            )

    def _read_body(self, place: Place) -> RequestBody | None:
        if "requestBody" not in place.value:
            return None
        found = self._references.resolve(place.child("requestBody"))
        node = self._mapping(found)
        return RequestBody(
            required=node.get("required") is True, content=self._read_content(found), pointer=found.pointer
        )

    def _read_content(self, place: Place) -> tuple[MediaType, ...]:
        return tuple(self._read_media_type(child) for child in self._children(place, "content", Mapping))

    def _read_media_type(self, place: Place) -> MediaType:
        node = self._mapping(place)
        examples: list[Any] = [node["example"]] if "example" in node else []
        for child in self._children(place, "examples", Mapping):
            example = self._mapping(self._references.resolve(child))
            if "value" in example:
                examples.append(example["value"])
        encoding = node.get("encoding", {})
        return MediaType(
            name=_last(place),
            schema=self._schema(place, "schema") if "schema" in node else None,
            encoding=encoding if isinstance(encoding, Mapping) else {},
            examples=tuple(examples),
            pointer=place.pointer,
        )

    def _read_answers(self, place: Place) -> Iterator[Answer]:
        for child in self._children(place, "responses", Mapping):
            status = _last(child)
            if status.startswith("x-"):
                continue
            if not _STATUS.fullmatch(status):
                place.document.fail(child.pointer, what=f"the status {status!r}", expected="200, 2XX or default")
            found = self._references.resolve(child)
            node = self._mapping(found)
            yield Answer(
                status=status,
                description=str(node.get("description", "")),
                content=self._read_content(found),
                headers={
                    _last(header): self._read_header(header) for header in self._children(found, "headers", Mapping)
                },
                pointer=found.pointer,
            )

    def _read_header(self, place: Place) -> Schema:
        found = self._references.resolve(place)
        self._mapping(found)
        return self._schema(found, "schema")

    def _read_schemes(self) -> Iterator[tuple[str, SecurityScheme]]:
        if self._references.root.value.get("components") is None:
            return
        components = self._references.root.child("components")
        self._mapping(components)
        for child in self._children(components, "securitySchemes", Mapping):
            node = self._mapping(self._references.resolve(child))
            name = _last(child)
            yield (
                name,
                SecurityScheme(
                    name=name,
                    type=str(node.get("type", "")),
                    scheme=str(node.get("scheme", "")).lower(),
                    location=str(node.get("in", "")),
                    parameter=str(node.get("name", "")),
                ),
            )

    def _read_security(self, place: Place) -> tuple[tuple[SecurityScheme, ...], ...] | None:
        if "security" not in place.value:
            return None
        alternatives: list[tuple[SecurityScheme, ...]] = []
        for child in self._children(place, "security", list):
            node = self._mapping(child)
            missing = [name for name in node if name not in self._schemes]
            if missing:
                what = f"the security scheme {missing[0]!r}"
                place.document.fail(child.pointer, what=what, expected="a scheme of components/securitySchemes")
            alternatives.append(tuple(self._schemes[name] for name in node))
        return tuple(alternatives)

    def _schema(self, place: Place, key: str) -> Schema:
        if key not in place.value:
            return Schema(pointer=place.pointer, make=lambda: True)
        child = place.child(key)
        if not isinstance(child.value, Mapping) or child.value.keys() != {"$ref"}:
            return self._made(child)
        target = self._references.follow(child)
        if target.document is not self._document:
            return self._made(child)
        if target.pointer not in self._shared:
            self._shared[target.pointer] = self._made(child, pointer=target.pointer)
        return self._shared[target.pointer]

    def _made(self, place: Place, *, pointer: str | None = None) -> Schema:
        make = partial(self_contained, place, self._references, version=self._version)
        return Schema(pointer=pointer or place.pointer, make=make)


def _last(place: Place) -> str:
    return tokens(place.pointer)[-1]


def _server(url: str) -> Server:
    """Read a server URL.

    Raises:
        ValueError: it is none.

    """
    parts = urlsplit(url)
    if parts.scheme and not parts.netloc:
        message = f"no host in {url!r}"
        raise ValueError(message)
    host = parts.netloc.rpartition("@")[2].lower().removesuffix(DEFAULT_PORTS.get(parts.scheme, "\0"))
    path = parts.path if parts.netloc else normpath(f"/{parts.path.lstrip('/')}")
    return Server(url=url, scheme=parts.scheme, host=host, base_path=path.rstrip("/"))


def _references_in(place: Place) -> Iterator[Place]:
    waiting = [place]
    while waiting:
        current = waiting.pop()
        if isinstance(current.value, Mapping):
            if isinstance(current.value.get("$ref"), str):
                yield current
            waiting.extend(current.child(key) for key in current.value)
        elif isinstance(current.value, list):
            waiting.extend(current.child(index) for index in range(len(current.value)))
