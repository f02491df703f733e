"""Control in programs: loops, branches and rules of the user, each an operation that holds the programs of its bodies."""
