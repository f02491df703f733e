"""An ordinary NumPy function becomes a program: NumPy's own protocols record what is done to its argument."""
