"""Compiled validators: `jsonschema_rs` says yes or no, and what is wrong only when it says no."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs

from conformance.errors import DocumentError
from conformance.model.operation import JsonSchema, Schema
from conformance.schemas.closed import Tighten, closed
from conformance.schemas.formats import STANDARD
from conformance.schemas.walk import exact, spec_pointer

if TYPE_CHECKING:
    from conformance.model.operation import Api

FORMAT: Final = "x-conformance-format"
"""Marks the schema that stands for a `format`."""

_BY_NAME: Final = frozenset({"$defs", "definitions", "dependentSchemas", "patternProperties", "properties"})
_NO_SCHEMA: Final = frozenset({"const", "default", "enum", "example", "examples"})


class Validator:
    """A compiled schema."""

    __slots__ = ("_validator", "is_identifier", "is_valid", "json_schema", "schema")

    def __init__(
        self, *, schema: Schema, json_schema: JsonSchema, validator: Any, is_identifier: Callable[[str], bool]
    ) -> None:
        """Keep the schema, the JSON Schema that was compiled, and the compiled form."""
        self.is_identifier = is_identifier
        self.schema = schema
        self.json_schema = json_schema
        self._validator = validator
        self.is_valid: Callable[[Any], bool] = validator.is_valid
        """Tell whether a value is valid."""

    def errors(self, value: Any) -> list[jsonschema_rs.ValidationError]:
        """Give every error of a value."""
        return list(self._validator.iter_errors(value))


class Compiler:
    """Compiles schemas once, on first use."""

    def __init__(
        self,
        *,
        formats: Mapping[str, Mapping[str, Any]] = STANDARD,
        is_identifier: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """Keep the formats that are asserted beside those of JSON Schema 2020-12.

        `is_identifier` tells which patterns describe identifiers (SIDs); breaking one has a name of its own.
        """
        self._formats = formats
        self._is_identifier = is_identifier
        self._validators: dict[Schema, Validator] = {}

    def validator(self, schema: Schema, *, api: Api) -> Validator:
        """Give the compiled form of a schema.

        Raises:
            DocumentError: it is not a valid JSON Schema.

        """
        found = self._validators.get(schema)
        if found is None:
            found = self._validators[schema] = self._compile(schema, api)
        return found

    def closed(self, schema: Schema, tighten: Tighten) -> Callable[[Any], bool] | None:
        """Give the test for values that no check about schemas can object to; None where there is no such test.

        There is none for a schema that is broken: `validator` says how.
        """
        made = closed(schema.json_schema, tighten)
        if made is None:
            return None
        try:
            return jsonschema_rs.Draft202012Validator(self._with_formats(made), validate_formats=True).is_valid
        except jsonschema_rs.ValidationError:
            return None

    def _compile(self, schema: Schema, api: Api) -> Validator:
        json_schema = self._with_formats(schema.json_schema)
        try:
            validator = jsonschema_rs.Draft202012Validator(json_schema, validate_formats=True)
        except jsonschema_rs.ValidationError as error:
            pointer = spec_pointer(schema, exact(error.instance_path, json_schema))
            line, column = api.locate(pointer)
            raise DocumentError(
                path=api.path, line=line, column=column, what=error.message, expected="a valid schema"
            ) from error
        return Validator(schema=schema, json_schema=json_schema, validator=validator, is_identifier=self._is_identifier)

    def _with_formats(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self._with_formats(item) for item in node]
        if not isinstance(node, Mapping):
            return node
        result = {
            keyword: {name: self._with_formats(child) for name, child in value.items()}
            if keyword in _BY_NAME and isinstance(value, Mapping)
            else value
            if keyword in _NO_SCHEMA
            else self._with_formats(value)
            for keyword, value in node.items()
        }
        name = result.get("format")
        if isinstance(name, str) and name in self._formats:
            result["allOf"] = [*result.get("allOf", ()), {FORMAT: name, **self._formats[name]}]
        return result
