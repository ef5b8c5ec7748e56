-- Whether a value in the place of a text is JSON that says something and yet gives no text: see staging.filled.
-- macro: staging.is_retyped(value)
regexp_matches(value, '^\s*[\[{]')
and staging.filled(value) is null
and not regexp_full_match(value, '\s*(\[\s*\]|\{\s*\})\s*')
