"""The facts of this folder, and the programs that they are about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from essence_ad import add, cos, cross, dup, exl, fork, mul, proj, scale, sin

FOLDER = Path(__file__).parent
ESSENCE = json.loads((FOLDER / "essence.json").read_text())
COMPILER = json.loads((FOLDER / "categorical_compiler.json").read_text())
CORPUS = COMPILER["corpus"]

# ---------------------------------------------------------------------------------------------- the paper's examples

sqr = dup >> mul
COMBINATORS: dict[str, Any] = {
    "sqr": sqr,
    "magSqr": cross(sqr, sqr) >> add,
    "cosSinProd": mul >> fork(cos, sin),
    "cos_2xx": sqr >> scale(2.0) >> cos,
    "cos_xpytz": fork(proj(0, 3), fork(proj(1, 3), proj(2, 3)) >> mul) >> add >> cos,
    "exl": exl,
}
FUNCTIONS: dict[str, Any] = {
    "sqr": lambda x: x * x,
    "magSqr": lambda x, y: x * x + y * y,
    "cosSinProd": lambda x, y: (np.cos(x * y), np.sin(x * y)),
    "cos_2xx": lambda x: np.cos(2 * x * x),
    "cos_xpytz": lambda x, y, z: np.cos(x + y * z),
    "exl": lambda x, y: x,
}

# ---------------------------------------------------------------------------------------------- cost separators


def square_chain(n: int) -> Any:
    """y = x; repeat n: y = y * y."""

    def f(x: Any) -> Any:
        for _ in range(n):
            x = x * x
        return x

    return f


def double_chain(n: int) -> Any:
    """y = x; repeat n: y = y + y."""

    def f(x: Any) -> Any:
        for _ in range(n):
            x = x + x
        return x

    return f


def fibonacci_chain(n: int) -> Any:
    """a, b = 0, x; repeat n - 1: a, b = b, a + b."""

    def f(x: Any) -> Any:
        a, b = 0.0, x
        for _ in range(n - 1):
            a, b = b, a + b
        return b

    return f


def many_lets(m: int) -> Any:
    """y0 = x; y1 = sin(x); yi = sin(yi-1)/2 + yi-2/2: all bound, all in scope."""

    def f(x: Any) -> Any:
        y = [x, np.sin(x)]
        for _ in range(2, m):
            y.append(np.sin(y[-1]) / 2 + y[-2] / 2)
        return y[m - 1]

    return f


def index_loop(n: int) -> Any:
    """s = 0; for i in range(n - 1): s += x[i] * x[i + 1]."""

    def f(x: Any) -> Any:
        s = 0.0
        for i in range(n - 1):
            s = s + x[i] * x[i + 1]
        return s

    return f


def index_loop_point(n: int) -> Any:
    """x_i = sin(0.1 i) + 1.5."""
    return np.sin(0.1 * np.arange(n)) + 1.5


CHAINS = {
    "square_chain": square_chain,
    "double_chain": double_chain,
    "fibonacci_chain": fibonacci_chain,
    "many_lets": many_lets,
}

# ---------------------------------------------------------------------------------------------- the corpus

MEANING: dict[str, Any] = {  # as oracles/categorical_compiler.json says under "opcode_semantics"
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "exp_s": lambda a: np.exp(np.sin(a)),
    "recip_s": lambda a: 1 / (1 + a * a),
    "log_s": lambda a: np.log(1 + a * a),
    "sqr": lambda a: a * a,
    "neg": lambda a: -a,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
}


def straight_line(case: dict[str, Any]) -> Any:
    """The function that a program of the corpus is, of its ``n_in`` numbers."""

    def f(*inputs: Any) -> Any:
        wires = list(inputs)
        for name, *operands in case["ssa"]:
            wires.append(MEANING[name](*[wires[i] for i in operands]))
        return wires[-1]

    return f
