"""Calls in which NumPy says nothing of infinities and NaN, at a tenth of what ``np.errstate`` costs at every call.

NumPy keeps its error state in the context of a call. So a context in which it is turned off is made once, and a call
is run in it; nothing of what the caller set is changed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from typing import Any

import numpy as np

_free: list[Context] = []  #: contexts in which nothing runs


def quietly(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """The function's result, without warnings of NumPy; it must not read context variables of the caller.

    >>> import numpy as np
    >>> float(quietly(np.log, (np.float64(0.0),)))
    -inf
    """
    try:
        context = _free.pop()
    except IndexError:
        context = Context()
        context.run(np.seterr, all="ignore")
    try:
        return context.run(function, *arguments)
    finally:
        _free.append(context)
