"""Load: complete runs of the landing zone become the tables of `raw`, and their counts rows of `meta`."""
