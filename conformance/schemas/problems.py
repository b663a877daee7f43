"""Why a value is not valid, in words: one problem for each place that is wrong.

A place that breaks several keywords gets the problem that says most: a value of the wrong type is not
also outside its enum, a malformed SID is not also too short.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind as _Kind

from conformance.model.finding import json_type
from conformance.model.rule import Problem
from conformance.openapi.dialect import NULLABLE
from conformance.openapi.document import escape
from conformance.schemas.compiler import FORMAT, Validator
from conformance.schemas.walk import exact, spec_pointer

_LONGEST: Final = 80

REPEATED: Final = "repeated"
"""Stands for `type` where a scalar is sent several times."""

IDENTIFIER: Final = "identifier"
"""Stands for `pattern` where the pattern is that of an identifier."""

_RANK: Final = {
    name: rank
    for rank, name in enumerate(
        ["type", "const", "enum", "pattern", IDENTIFIER, "format", "minLength", "maxLength", "minimum", "maximum"]
    )
}


_KINDS: Final = {
    **dict.fromkeys(["const", "enum"], "enum"),
    **dict.fromkeys(["contentEncoding", "contentMediaType", "format"], "format"),
    **dict.fromkeys(["dependentRequired", "required"], "required"),
    **dict.fromkeys(
        [
            "exclusiveMaximum", "exclusiveMinimum", "maxItems", "maxLength", "maxProperties", "maximum", "minItems",
            "minLength", "minProperties", "minimum", "multipleOf", "uniqueItems",
        ],
        "bounds",
    ),
    "type": "type",
    "pattern": "pattern",
    REPEATED: REPEATED,
    IDENTIFIER: IDENTIFIER,
}  # fmt: skip


def kind(keyword: str) -> str:
    """Give the group of a keyword, so that each fault belongs to one check.

    The groups are type, repeated, enum, pattern, identifier, format, required, bounds, and structure for everything
    else.
    """
    return _KINDS.get(keyword, "structure")


def problems(validator: Validator, value: Any, *, prefix: str = "") -> tuple[Problem, ...]:
    """Give what is wrong with a value, in order of place; nothing where it is valid.

    `prefix` stands before every instance pointer (`/query/PageSize` for a parameter).
    """
    if validator.is_valid(value):
        return ()
    found: dict[str, Problem] = {}
    for error in _leaves(validator.errors(value), validator):
        for problem in _problems(error, validator, value, prefix):
            place = problem.instance_pointer
            if place not in found or _rank(problem) < _rank(found[place]):
                found[place] = problem
    return tuple(sorted(found.values(), key=lambda problem: (_order(problem.instance_pointer), problem.spec_pointer)))


def _rank(problem: Problem) -> tuple[int, str]:
    """Sort by how much a problem says; the name decides between equals, so that no order in the document does."""
    return _RANK.get(problem.keyword, len(_RANK)), problem.keyword


def _order(pointer: str) -> list[tuple[bool, int, str]]:
    """Sort items by number: of two numbers the longer is the larger."""
    return [
        (is_number := token.isascii() and token.isdigit(), len(token) if is_number else 0, token)
        for token in pointer.split("/")
    ]


def _leaves(
    errors: Sequence[jsonschema_rs.ValidationError], validator: Validator
) -> Iterator[jsonschema_rs.ValidationError]:
    """Replace an `anyOf` or `oneOf` by the errors of the branch that was meant, where that is clear."""
    for error in errors:
        context = getattr(error.kind, "context", None)
        if context is None:
            yield error
            continue
        node = _node(validator, exact(error.schema_path, validator.json_schema)[:-1])
        meant = context[0] if isinstance(node, Mapping) and NULLABLE in node else _meant(error, context)
        if meant is None:
            yield error
        else:
            yield from _leaves(meant, validator)


def _meant(
    error: jsonschema_rs.ValidationError, context: Sequence[Sequence[jsonschema_rs.ValidationError]]
) -> Sequence[jsonschema_rs.ValidationError] | None:
    fitting = [
        branch
        for branch in context
        if branch
        and not any(
            each.kind.name in {"type", "const", "enum"} and list(each.instance_path) == list(error.instance_path)
            for each in branch
        )
    ]
    return fitting[0] if len(fitting) == 1 else None


def _node(validator: Validator, path: Sequence[str | int]) -> Any:
    node: Any = validator.json_schema
    try:
        for token in path:
            node = node[token]
    except (KeyError, IndexError, TypeError):
        return None
    return node


def _problems(
    error: jsonschema_rs.ValidationError,
    validator: Validator,
    value: Any,
    prefix: str,
) -> Iterator[Problem]:
    path = exact(error.schema_path, validator.json_schema)
    keyword = error.kind.name
    instance, pointer = value, prefix
    for token in exact(error.instance_path, value):
        instance = instance[token]
        pointer += f"/{escape(str(token))}"
    expected = _node(validator, path)
    stand_in = next((end for end in range(len(path), 0, -1) if _is_stand_in(_node(validator, path[:end]))), None)
    if stand_in is not None:
        keyword, expected = "format", _node(validator, path[:stand_in])[FORMAT]
        path = [*path[: stand_in - 2], "format"]
    elif keyword == "pattern" and validator.is_identifier(str(expected)):
        keyword = IDENTIFIER
    where = spec_pointer(validator.schema, path)
    unexpected = _unexpected(error, instance)
    if unexpected is not None:
        for name in unexpected:
            yield Problem(
                message=f"the field {name!r} is not allowed here",
                instance_pointer=f"{pointer}/{escape(name)}",
                spec_pointer=where,
                expected=expected,
                actual=instance[name],
                keyword=str(path[-1]),
            )
        return
    if keyword == "required":
        name = error.kind.value
        yield Problem(
            message=f"the required field {name!r} is missing",
            instance_pointer=f"{pointer}/{escape(name)}",
            spec_pointer=where,
            expected=f"a field {name!r}",
            actual=None,
            keyword="required",
        )
        return
    yield Problem(
        message=_message(keyword, expected, instance, error),
        instance_pointer=pointer,
        spec_pointer=where,
        expected=expected,
        actual=instance,
        keyword=keyword,
    )


def _unexpected(error: jsonschema_rs.ValidationError, instance: Any) -> list[str] | None:
    """Give the fields that may not be there; None where an error is about something else."""
    if isinstance(error.kind, _Kind.AdditionalProperties | _Kind.UnevaluatedProperties):
        return list(error.kind.unexpected)
    # Where no properties are declared, the error names the object and the first of its fields.
    is_closed = error.kind.name == "falseSchema" and error.schema_path[-1:] == ["additionalProperties"]
    if is_closed and error.instance_path[-1:] != ["additionalProperties"]:
        return list(instance)
    return None


def brief(value: Any) -> str:
    """Give a value as JSON, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _message(keyword: str, expected: Any, actual: Any, error: jsonschema_rs.ValidationError) -> str:
    shown = brief(actual)
    match keyword:
        case "type":
            wanted = _article(expected if isinstance(expected, str) else " or ".join(expected))
            return (
                f"null is not {wanted}" if actual is None else f"{shown} is {_article(json_type(actual))}, not {wanted}"
            )
        case "enum":
            return f"{shown} is not one of {', '.join(map(brief, expected))}"
        case "const":
            return f"{shown} is not {brief(expected)}"
        case "pattern" | "identifier":
            return f"{shown} does not match {expected}"
        case "format":
            return f"{shown} is not {_article(str(expected))}"
        case "falseSchema":
            return f"{shown} is not allowed here"
        case _:
            return str(error.message)


def _article(noun: str) -> str:
    if noun == "null":
        return noun
    return f"{'an' if noun[0] in 'aeio' else 'a'} {noun}"


def _is_stand_in(node: Any) -> bool:
    return isinstance(node, Mapping) and FORMAT in node
