"""Imports the package before pytest does, which would load a second copy of each file for the file's doctests."""

import essence_ad

__all__ = ["essence_ad"]
