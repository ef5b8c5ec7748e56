-- One field of the canonical identity of a job CSV row: a null marker, or its length in bytes and the text, so that no two different rows give the same text.
-- macro: export.job_field(value)
case when value is null or value = '' then '~' else strlen(value) || ':' || value end
