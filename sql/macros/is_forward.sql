-- Whether a validity runs forward: its start lies before its end, or one of them is unknown.
-- macro: staging.is_forward(valid_from_at, valid_to_at)
coalesce(valid_from_at < valid_to_at, true)
