"""Stage `export`: the job CSVs of the management actions, and `tlm query`, both from the published file, read-only."""
