"""Where and when the work of a program is done, from its shapes alone: which axes run in chunks, which memory is shared."""
