"""Requests in, responses out: one file a target, named as its scheme and opened by its `connect`."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from conformance.errors import TargetError
from conformance.targets.target import (
    Answerer,
    Dialogue,
    Failure,
    Options,
    Outcome,
    Reason,
    Target,
    hold,
    in_turn,
    single,
)

__all__ = [
    "Answerer",
    "Dialogue",
    "Failure",
    "Options",
    "Outcome",
    "Reason",
    "Target",
    "descriptions",
    "hold",
    "in_turn",
    "open_target",
    "single",
]


def open_target(text: str, options: Options | None = None) -> Target:
    """Open the target that a user names.

    Raises:
        TargetError: nothing is known by this name, or it cannot be reached or imported.

    """
    scheme = text.partition(":")[0]
    if scheme in _files() or scheme == "https":
        module = _module(scheme.removesuffix("s"))
        if module is not None:
            found: Target = module.connect(text, Options() if options is None else options)
            return found
    near = difflib.get_close_matches(scheme, [name for name in _files() if _module(name)], n=1)
    if near:
        hint = f"did you mean {near[0]!r}?"
    elif "://" not in text and ("." in text or scheme == "localhost"):
        hint = f"a URL starts with its scheme: http://{text}"
    else:
        hint = "use mock, http(s)://host, asgi:module:app or wsgi:module:app"
    raise TargetError(target=text, what="no such target", hint=hint)


def descriptions() -> Iterator[tuple[str, str]]:
    """Give every kind of target as users write it, with its description."""
    for name in _files():
        module = _module(name)
        if module is not None:
            yield module.WRITTEN, (module.__doc__ or "").partition("\n")[0]


@cache
def _files() -> tuple[str, ...]:
    return tuple(sorted(info.name for info in iter_modules(__path__)))


def _module(name: str) -> ModuleType | None:
    """Import a file of this folder; None where it holds no target."""
    module = import_module(f"{__name__}.{name}")
    return module if hasattr(module, "connect") else None
