"""Pickling of what is made of a Python function: by the name it stands under, or made again of a function with a name."""

from __future__ import annotations

import sys
import types
from typing import Any

from essence_ad.errors import NotPicklableError


def reduced(made: Any, function: Any, again: Any) -> Any:
    """What ``__reduce__`` of something made of a function answers: its name in its module, or ``again``.

    Raises ``NotPicklableError`` for lambdas and functions inside functions, which no other process can find.
    """
    if _standing_at(made) is made:
        return made.__qualname__
    if isinstance(function, types.FunctionType) and _standing_at(function) is not function:
        raise NotPicklableError(
            f"{function.__qualname__} cannot be pickled with what was made of it",
            found=f"a function that does not stand under its name in the module {function.__module__}",
            expected="a function at the top of a module, which the other process can import",
            remedy="define it there with def; bind values with functools.partial; or pickle the program at a space: program(f, R[3])",
        )  # fmt: skip
    return again


def _standing_at(value: Any) -> Any:
    """What stands under the name of a value in its module."""
    found: Any = sys.modules.get(getattr(value, "__module__", None) or "")
    for part in str(getattr(value, "__qualname__", "<nothing>")).split("."):
        found = getattr(found, part, None)
    return found
