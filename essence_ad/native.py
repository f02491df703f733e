"""A function of C as a function of Python: compiled by the C compiler of the machine, and loaded."""

from __future__ import annotations

import ctypes
import functools
import itertools
import math
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from essence_ad.errors import UnsupportedError

#: What such a text may use of Python's stable interface, so that it needs no header.
PYTHON = """\
typedef struct _object PyObject;
typedef struct { void *buf; PyObject *obj; long len, itemsize; int readonly, ndim; char *format; long *shape, *strides, *suboffsets; void *internal; } Py_buffer;
extern double PyFloat_AsDouble(PyObject *);
extern PyObject *PyFloat_FromDouble(double), *PyTuple_New(long);
extern int PyTuple_SetItem(PyObject *, long, PyObject *), PyObject_GetBuffer(PyObject *, Py_buffer *, int);
extern void PyBuffer_Release(Py_buffer *);
"""


#: For texts with choices: GCC 12 turns nested ones, vectorized with AVX-512, into wrong numbers.
CHOICES = """\
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-loop-if-convert")
#endif
"""

#: Functions that C does not have, in C.
HELPERS = {
    "square": "static inline double square(double x) { return x * x; }",
    "maximum": "static inline double maximum(double x, double y) { return x != x || x > y ? x : y; }",
    "minimum": "static inline double minimum(double x, double y) { return x != x || x < y ? x : y; }",
    "sign": "static inline double sign(double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : x == 0 ? 0.0 : x; }",
    "ratio": "static inline double ratio(double x, double y) { return x == 0 && y == 0 ? 0.0 : x / y; }",
    "lead": "static inline double lead(double x, double y) { return x == y ? 0.5 : x > y ? 1.0 : x < y ? 0.0 : x - y; }",
    "share": "static inline double share(double x, double y) { return 1.0 / (1.0 + (x == y ? 1.0 : exp(y - x))); }",
    "logaddexp": "static inline double logaddexp(double x, double y) { return x == y ? x + 0.6931471805599453 : x > y ? x + log1p(exp(y - x)) : y + log1p(exp(x - y)); }",
}  # fmt: skip
TWO = frozenset(
    {"atan2", "hypot", "pow", "copysign", "fmax", "fmin", "fmod"}
)  #: the functions of C that take two numbers


class _Method(ctypes.Structure):
    """What Python wants to know of a function in C."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("text", ctypes.c_char_p),
    ]


_FASTCALL = 0x0080
_numbers = itertools.count()


@functools.lru_cache(maxsize=256)
def loaded(text: str) -> Callable[..., Any]:
    """The function ``kernel`` of a text of C, compiled and loaded; ``UnsupportedError`` where there is no compiler."""
    compiler = os.environ.get("CC") or next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None or os.name != "posix":
        raise UnsupportedError(
            "this needs a C compiler", found=compiler or "neither cc nor gcc nor clang", expected="one of them on a POSIX system, or one named by CC",
            remedy='install one, or compile with backend="numpy"',
        )  # fmt: skip
    level = "-O3" if len(text) < 10_000 else "-O1" if len(text) < 100_000 else "-O0"
    flags = [level, "-march=native", "-fopenmp-simd", "-fno-math-errno", "-ffp-contract=off", "-w", "-fPIC", "-shared"]
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder, f"kernel{next(_numbers)}.so")
        done = subprocess.run(
            [*compiler.split(), *flags, "-x", "c", "-", "-o", str(library), "-lm"],
            input=(CHOICES if "?" in text else "") + text,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise UnsupportedError(
                "the C compiler refused the program", found=done.stderr.strip()[:500], expected="a compiler of C99",
                remedy='name another one by CC, or compile with backend="numpy"',
            )  # fmt: skip
        kernel = ctypes.PyDLL(str(library)).kernel
    method = _Method(b"kernel", ctypes.cast(kernel, ctypes.c_void_p).value, _FASTCALL, None)
    new = ctypes.pythonapi.PyCFunction_NewEx
    new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p]
    found: Callable[..., Any] = new(ctypes.addressof(method), (method, kernel), None)  # keeps both alive
    return found


def literal(value: Any) -> str:
    """A number as C writes it.

    >>> literal(2), literal(-0.5), literal(float("nan"))
    ('2', '(-0.5)', '(0.0 / 0.0)')
    """
    if isinstance(value, (int, np.integer, np.bool_)):
        return str(int(value)) if value >= 0 else f"({int(value)})"
    x = float(value)
    text = "(0.0 / 0.0)" if math.isnan(x) else "(1.0 / 0.0)" if x > 0 else "(-1.0 / 0.0)"
    if math.isfinite(x):
        text = repr(x) if x >= 0 and math.copysign(1.0, x) > 0 else f"({x!r})"
    return text
