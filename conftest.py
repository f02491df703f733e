"""Loads the package before pytest does, which would load a second copy of each file for the file's doctests."""

import essence_ad

for _name in essence_ad.__all__:
    getattr(essence_ad, _name)
