"""A program at known spaces is staged, simplified and written down as straight-line code; no second engine."""
