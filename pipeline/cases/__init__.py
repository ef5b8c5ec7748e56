"""A run as a case: its pages with names pseudonymised, to be sent to people without an account and replayed there."""
