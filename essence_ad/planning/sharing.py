"""Which memory the result of an operation stands in: that of an operand, memory of its own, or memory that it is given."""

from __future__ import annotations

from typing import Any

import numpy as np

from essence_ad.operation import Constant, Negate, Scale
from essence_ad.planning.axes import is_basic
from essence_ad.primitives.primitive import Call


def ufunc(op: Any) -> Any:
    """NumPy's elementwise function that an operation is, ``None`` for others."""
    if isinstance(op, Scale):
        return np.multiply
    if isinstance(op, Negate):
        return np.negative
    function = op.primitive.function if isinstance(op, Call) else None
    elementwise = isinstance(function, np.ufunc) and function.signature is None
    return function if elementwise and not op.params else None


_VIEWS = frozenset({
    "reshape", "transpose", "moveaxis", "swapaxes", "expand_dims", "squeeze", "broadcast_to", "ravel", "flip", "real", "imag",
    "index", "getitem", "take", "split", "array_split", "diagonal", "astype", "positive", "conjugate", "diag", "roll",
    "atleast_1d", "atleast_2d", "atleast_3d", "rot90", "matrix_transpose",
})  # fmt: skip

#: views of which NumPy lets nobody write, or where several elements are one
FIXED = frozenset({"broadcast_to", "diagonal", "diag"})


def looks(op: Any) -> bool:
    """Whether a result may share memory with the first operand."""
    if op is not None and op.name == "index":
        return is_basic(op.params["key"])
    if op is not None and op.name == "einsum":
        return "," not in op.params["subscripts"]
    return op is None or (op.name in _VIEWS and not isinstance(op, Constant))


_OWN = frozenset({
    "scatter_sum", "matmul", "dot", "sum", "mean", "concatenate", "stack", "where", "prod", "cumsum", "outer", "tensordot", "index",
})  # fmt: skip


def owns(op: Any) -> bool:
    """Whether a result is certainly a new array of its own."""
    return bool(op.passing) or (op.name in _OWN and not looks(op))
