"""Measurements: interleaved runs in one process, reported as medians and ratios with the machine described."""
