"""The jobs behind the commands: each a dozen lines of stages in order; it returns what to print and the exit code."""
