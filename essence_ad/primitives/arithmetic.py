"""Arithmetic: the ufuncs of two arguments and their relatives."""

from __future__ import annotations

import numpy as np

from essence_ad.primitives.primitive import Elementwise, Primitive

POSITIVE = (0.3, 2.0)

add = Primitive("add", np.add, Elementwise(1, 1), 2, complex=True)
subtract = Primitive("subtract", np.subtract, Elementwise(1, -1), 2, aliases=("sub",), complex=True)
multiply = Primitive(
    "multiply", np.multiply, Elementwise(lambda x, y, z: y, lambda x, y, z: x), 2, aliases=("mul",), complex=True
)
divide = Primitive(
    "divide", np.divide, Elementwise(lambda x, y, z: 1 / y, lambda x, y, z: -z / y), 2, aliases=("div",), complex=True
)
power = Primitive(
    "power", np.power,
    Elementwise(lambda x, y, z: y * x ** (y - 1), lambda x, y, z: np.log(x) * z), 2, domain=(POSITIVE, (-2.0, 2.0)),
)  # fmt: skip
negative = Primitive("negative", np.negative, Elementwise(-1), aliases=("neg",), complex=True)
