"""What descriptions say, as far as it could stand in a schema: limits, defaults, values, formats.

Each reader of text is narrow on purpose: a phrase that it does not know says nothing, and what is said under a
condition (`if`, `when`, `for Japan only`) says nothing about every value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from conformance.model.value import Value
from conformance.openapi.objects import Kind, Node
from conformance.openapi.survey import Survey

_NUMBER: Final = r"(\d{1,3}(?:,\d{3})+|\d+)"
_LINK: Final = re.compile(r"\[([^\]]*)\]\([^)\s]*\)")
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z*`\[])|\n+")


class Described(Value, frozen=True, kw_only=True):
    """A description of a value, with the schema of that value."""

    text: str
    pointer: str
    """Of the description."""
    owner: Node
    """The parameter or schema that has it."""
    schema: Node
    name: str
    """Of the property, parameter or component; empty where there is none."""


@lru_cache(maxsize=32)
def described(survey: Survey) -> tuple[Described, ...]:
    """Give the descriptions of values, in document order."""
    return tuple(_described(survey))


def _described(survey: Survey) -> Iterator[Described]:
    for node in survey.nodes:
        text = node.get("description")
        if not isinstance(text, str) or not text.strip():
            continue
        if node.kind is Kind.SCHEMA:
            yield Described(text=text, pointer=node.at("description"), owner=node, schema=node, name=_name(node))
        elif node.kind is Kind.PARAMETER:
            schema = survey.schema(node)
            if schema is not None:
                name = str(node.get("name") or "")
                yield Described(text=text, pointer=node.at("description"), owner=node, schema=schema, name=name)


def _name(node: Node) -> str:
    if node.field in {"properties", "schemas"}:
        return node.key
    parent = node.parent
    if parent is None or node.field not in {"items", "schema", "allOf"}:
        return ""
    return str(parent.get("name") or "") if parent.kind is Kind.PARAMETER else _name(parent)


_remembered = lru_cache(maxsize=8192)
"""The same texts stand in many places of a document, and several checks read each."""


@_remembered
def sentences(text: str) -> tuple[str, ...]:
    """Split a description into sentences, links replaced by their text."""
    return tuple(part.strip() for part in _SENTENCE.split(_LINK.sub(r"\1", text)) if part.strip())


_CONDITION: Final = re.compile(
    r"\b(if|when|whenever|unless|until|only for|only required|depending|except|in case"
    r"|for (?:US|japan\w*|calls|messages))\b",
    re.IGNORECASE,
)


def is_conditional(sentence: str) -> bool:
    """Tell whether a sentence holds under a condition only."""
    return _CONDITION.search(sentence) is not None


class Limit(Value, frozen=True, kw_only=True):
    """A limit that a text names."""

    keyword: str
    """`minLength`, `maxLength`, `least`, `most`: of characters, or of whatever the value counts."""
    value: int
    phrase: str


_LIMITS: Final = tuple(
    (keywords, re.compile(pattern.replace("#", _NUMBER), re.IGNORECASE))
    for keywords, pattern in (
        (
            ("maxLength",),
            r"(?:up to|at most|no more than|no longer than|not exceed|limited to|limit of) # characters?\b",
        ),
        (("maxLength",), r"\bmax(?:imum)?(?: length)?(?: of| is|:)? # characters?\b"),
        (("maxLength",), r"\bmaximum length(?: of| is|:)? #\b"),
        (("maxLength",), r"# characters? or (?:fewer|less|shorter)\b"),
        (("minLength",), r"(?:at least|minimum(?: length)?(?: of| is|:)?|no fewer than|no less than) # characters?\b"),
        (("minLength",), r"# characters? or (?:more|longer)\b"),
        (("minLength", "maxLength"), r"\b(?:an?|the) #[- ]characters?(?:[- ]long)? (?:string|identifier|code|id)\b"),
        (("minLength", "maxLength"), r"\bexactly # characters?\b"),
        (("most",), r"\((?:max|maximum)\.? #\)"),
        (("most",), r"\bmaximum(?: value)?(?: is|:) #\b"),
        (("most",), r"\bmaximum of #(?! characters?\b)"),
        (("most",), r"\bmax(?:imum)? value(?: of)? #\b"),
        (
            ("most",),
            r"\b(?:up to|at most|no more than|no greater than|not exceed) #(?! characters?\b)(?= [a-z]+s\b|\.|$)",
        ),
        (("least",), r"\bminimum(?: value)?(?: is|:) #\b"),
        (("least",), r"\bminimum of #(?! characters?\b)"),
        (("least",), r"\((?:min|minimum)\.? #\)"),
    )
)
_DIGIT: Final = re.compile(r"\d")
_BETWEEN: Final = re.compile(rf"\bbetween {_NUMBER} and {_NUMBER}(?P<chars> characters?)?\b", re.IGNORECASE)


@_remembered
def limits(text: str) -> tuple[Limit, ...]:
    """Give the limits that hold for every value."""
    if not _DIGIT.search(text):
        return ()
    found: dict[str, Limit] = {}
    for sentence in sentences(text):
        if is_conditional(sentence):
            continue
        for keywords, pattern in _LIMITS:
            for match in pattern.finditer(sentence):
                for keyword in keywords:
                    number = int(match[1].replace(",", ""))
                    found.setdefault(keyword, Limit(keyword=keyword, value=number, phrase=match.group()))
        for match in _BETWEEN.finditer(sentence):
            names = ("minLength", "maxLength") if match["chars"] else ("least", "most")
            for keyword, written in zip(names, (match[1], match[2]), strict=True):
                limit = Limit(keyword=keyword, value=int(written.replace(",", "")), phrase=match.group())
                found.setdefault(keyword, limit)
    return tuple(found.values())


_WRITTEN: Final = (
    r"(?P<value>`[^`]+`|'[^']+'|\"[^\"]+\"|-?\d[\d,]*(?:\.\d+)?\b|true\b|false\b"
    r"|[A-Za-z][\w-]*(?=\s*(?:[.,;)]|$)))"
)
_DEFAULT: Final = re.compile(
    rf"\bdefault(?:s to|(?: value)?(?: is|:| of)) (?:set to )?{_WRITTEN}", re.IGNORECASE
)  # fmt: skip


@_remembered
def default(text: str) -> str | None:
    """Give the default that a text names, as it is written there without quotes; None where it names none."""
    for sentence in sentences(text):
        match = _DEFAULT.search(sentence)
        if match is not None:
            return match["value"].strip("`'\"")
    return None


class Values(Value, frozen=True, kw_only=True):
    """The values that a text lists."""

    members: tuple[str, ...]
    is_constant: bool
    """The text says that it is always this one."""


_INTRODUCTION: Final = re.compile(
    r"(?P<always>\b(?:value )?is always\b|\bwill always be\b)"
    r"|\b(?:can|may|must|should)(?: either)? be(?: either)?(?: one of)?(?: the following)?(?: values)?\b"
    r"|\bone of(?: the following)?(?: values)?\b"
    r"|\b(?:possible|valid|allowed|supported|accepted|available) values(?: are| include)?\b"
    r"|\bvalues are\b",
    re.IGNORECASE,
)
_QUOTED: Final = re.compile(r"`([^`]+)`|'([^'\s][^']*)'|\"([^\"]+)\"|“([^”]+)”")
_OPEN: Final = re.compile(r"\betc\b|\band so on\b|\bsuch as\b|\be\.g\b|\bfor example\b|\bincluding\b", re.IGNORECASE)
_ITEM: Final = re.compile(r"[A-Za-z][\w-]*(?: [A-Za-z][\w-]*){0,2}")
_LEAST_BARE: Final = 2


@_remembered
def values(text: str) -> Values | None:
    """Give the values that a text lists completely; None where it lists none, or only some."""
    found: list[str] = []
    is_constant = False
    for sentence in _sentences_with_links(text):
        match = _INTRODUCTION.search(sentence)
        if match is None or _OPEN.search(sentence):
            continue
        rest = sentence[match.end() :]
        members = _quoted(rest) or _linked(rest) or _bare(rest, strict=match["always"] is not None)
        found += [member for member in members if member.lower() not in {"null", "none"}]
        is_constant = is_constant or (match["always"] is not None and len(members) == 1)
    unique = tuple(dict.fromkeys(found))
    return Values(members=unique, is_constant=is_constant) if unique else None


def _sentences_with_links(text: str) -> list[str]:
    return [part.strip() for part in _SENTENCE.split(text) if part.strip()]


def _quoted(rest: str) -> list[str]:
    """The quoted words of a list; a list starts with its first member, or with a colon."""
    if not re.match(r"\s*(?:either|the|a|an|set to)?\s*:?\s*[`'\"“]", rest):
        return []
    return [next(group for group in match.groups() if group) for match in _QUOTED.finditer(rest)]


def _linked(rest: str) -> list[str]:
    """The texts of links that are the whole list."""
    bare = rest.strip().rstrip(".").removeprefix(":").strip()
    parts = re.split(r",\s*(?:or|and)\s+|,\s*|\s+or\s+|\s+and\s+", bare)
    names = [match[1] for part in parts if (match := _LINK.fullmatch(part.strip()))]
    return names if len(names) == len(parts) and len(names) >= _LEAST_BARE else []


def _bare(rest: str, *, strict: bool) -> list[str]:
    """Words after a colon, or after `values are`: `toll-free, local, mobile or unknown`."""
    if strict or not rest.strip().startswith(":"):
        return []
    body = rest.strip().removeprefix(":").strip().rstrip(".")
    parts = [part.strip() for part in re.split(r",\s*(?:or|and)\s+|,\s*|\s+or\s+|\s+and\s+", body)]
    return parts if len(parts) >= _LEAST_BARE and all(_ITEM.fullmatch(part) for part in parts) else []


class NamedFormat(Value, frozen=True, kw_only=True):
    """A format that a text names."""

    format: str
    phrase: str


_TIMESTAMP: Final = (
    r"(?i)\bISO[- ]8601\b|\bRFC[- ]?3339\b"
    r"|^(?:the )?(?:last[- ]updated )?timestamp (?:indicating|of|for|when)\b"
    r"|^the last[- ]updated timestamp\b|^the date and time\b"
)
_FORMATS: Final = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("phone-number", r"\b[Ee]\.?164\b"),
        ("iso-country-code", r"(?i)\bISO (?:3166(?:-1)? )?(?:alpha-2 )?country[- ]codes?\b|\bcountry ISO code\b"),
        ("time", r"(?i)\bISO (?:8601 )?offset time\b"),
        ("date", r"(?i)\bISO (?:8601 )?local date\b|\bYYYY-MM-DD\b(?!T| ?hh)"),
        ("date-time", _TIMESTAMP),
        ("email", r"(?i)^(?:the )?e-?mail address\b|^additional e-?mails\b"),
        ("uri", r"^(?:The |An? )?(?:absolute )?(?:URL|Url)\b(?! friendly)"),
        ("uuid", r"\bUUID\b"),
        ("ipv4", r"\bIPv4 address\b"),
    )
)
_SEPARATED: Final = re.compile(r"(?i)\bcomma[- ](?:separated|delimited)\b|\bseparated by (?:a )?commas?\b")


@_remembered
def named_format(text: str) -> NamedFormat | None:
    """Give the format that a text names for the value; None where it names none."""
    plain = _LINK.sub(r"\1", text).strip()
    for name, pattern in _FORMATS:
        match = pattern.search(plain)
        if match is not None:
            return NamedFormat(format=name, phrase=match.group().strip())
    return None


def separated(text: str) -> str | None:
    """Give the phrase with which a text says that the value is a list in one string; None where it does not."""
    match = _SEPARATED.search(text)
    return match.group() if match else None


_NULL: Final = re.compile(
    r"(?i)\b(?:may|can|will|could) be `?null`?\b|`null` otherwise|\bnull (?:if|when|otherwise|until)\b"
)
_REQUIRED: Final = re.compile(
    r"(?i)^required\b|\(required\)|\bis (?:required|mandatory)\."
    r"|\bthis (?:field|parameter|property|value) is (?:required|mandatory)\b"
)
_OPTIONAL: Final = re.compile(
    r"(?i)^optional\b|\(optional\)|\bis (?:an )?optional\b|\boptional (?:field|identifier|parameter)\b"
)
_DEPRECATED: Final = re.compile(
    r"(?i)\b(?:is|are|been|now) deprecated\b|^deprecated\b|\[deprecated\]|\(deprecated\)"
    r"|\bno longer (?:supported|used)\b|\bnot currently supported\b"
)
_EMPTY: Final = re.compile(r"(?i)\balways empty\b|\bmust be empty\b")
_AT_LEAST_ONE: Final = re.compile(r"(?i)\bat least one\b")
_QUOTE: Final = "`[^`]+`|\"[^\"]+\"|'[^']+'|\u201c[^\u201d]+\u201d|\u2018[^\u2018\u2019'`]+[\u2019'`]"
_EXAMPLES: Final = re.compile(
    r"(?:\b[Ee]\.g\.,?|\b[Ee]x ?:|\b[Ee]xample:|\bFor example,)\s*"
    rf"(?:(?P<quoted>{_QUOTE})|(?P<bare>[^\s`\"'\u2018\u2019\u201c\u201d(){{}}\[\]]+?)(?=[.,;)]*(?:\s|$)))"
)


def cause(found: Described, what: str) -> str:
    """Give what copies of one parameter share as the cause of a finding; empty where the place is the cause.

    Parameters that stand in many operations are copied, text and all; a property is its own place.
    """
    if found.owner.kind is not Kind.PARAMETER:
        return ""
    return f"{found.owner.get('in')} parameter {found.name}: {what}: {found.text}"


@_remembered
def says_null(text: str) -> bool:
    """Tell whether a text says that the value may be null."""
    return _NULL.search(text) is not None


@_remembered
def says_required(text: str) -> bool:
    """Tell whether a text says without a condition that the value must be given."""
    return any(_REQUIRED.search(sentence) and not is_conditional(sentence) for sentence in sentences(text))


def says_optional(text: str) -> bool:
    """Tell whether a text says that the value need not be given."""
    return _OPTIONAL.search(text) is not None and not says_required(text)


@_remembered
def says_deprecated(text: str) -> bool:
    """Tell whether a text says that the value should not be used any more."""
    return _DEPRECATED.search(text) is not None


def says_empty(text: str) -> bool:
    """Tell whether a text says that the value is always empty."""
    return _EMPTY.search(text) is not None


def says_at_least_one(text: str) -> bool:
    """Tell whether a text says that a list has a member at least."""
    return any(_AT_LEAST_ONE.search(sentence) and "required" in sentence for sentence in sentences(text))


@_remembered
def examples(text: str) -> tuple[str, ...]:
    """Give the values that a text shows as examples."""
    return tuple((match["quoted"] or "")[1:-1] or match["bare"] for match in _EXAMPLES.finditer(_LINK.sub(r"\1", text)))
