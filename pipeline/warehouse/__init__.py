"""The warehouse: one DuckDB file, built beside the published one and swapped in whole."""
