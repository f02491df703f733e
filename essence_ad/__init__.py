"""The simple essence of automatic differentiation: programs are morphisms, and a category is a way to run them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from essence_ad import errors
from essence_ad.categories.additive import Additive
from essence_ad.categories.begin import Begin
from essence_ad.categories.cont import Cont
from essence_ad.categories.derivative import D
from essence_ad.categories.dual import Dual
from essence_ad.categories.functions import Functions
from essence_ad.diagram import Diagram
from essence_ad.linear_map import LinearMap
from essence_ad.morphism import (
    Morphism,
    assoc,
    compose,
    const,
    cross,
    dup,
    exl,
    exr,
    fork,
    identity,
    inj,
    inl,
    inr,
    it,
    jam,
    join,
    proj,
    repl,
    scale,
    sum_,
    swap,
    zero,
)
from essence_ad.morphism import primitives as _primitives
from essence_ad.spaces import C, R, Space, Unit, space_of

forward = D(Begin(Additive))
reverse = D(Dual(Additive))

globals().update(_primitives())
