"""Targets that a straight-line program is written for, one a file."""
