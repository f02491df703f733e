"""Elementary functions: trigonometric, hyperbolic, exponential, their inverses."""

from __future__ import annotations

import numpy as np

from essence_ad.primitives.primitive import Elementwise, Primitive

sin = Primitive("sin", np.sin, Elementwise(lambda x, y: np.cos(x)), complex=True)
cos = Primitive("cos", np.cos, Elementwise(lambda x, y: -np.sin(x)), complex=True)
exp = Primitive("exp", np.exp, Elementwise(lambda x, y: y), complex=True)
log = Primitive("log", np.log, Elementwise(lambda x, y: 1 / x), complex=True, domain=((0.3, 2.0),))
