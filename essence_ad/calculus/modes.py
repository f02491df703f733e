"""Forward and reverse mode: two choices of category (sections 12 and 14), and nothing more."""

from __future__ import annotations

from essence_ad.categories.additive import Additive
from essence_ad.categories.begin import Begin
from essence_ad.categories.derivative import D
from essence_ad.categories.dual import Dual

forward = D(Begin(Additive))
reverse = D(Dual(Additive))
