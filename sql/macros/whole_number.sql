-- A whole number as received in any form ("443", 443, 443.0); a fraction, a word and a number outside 32 bits are null.
-- macro: staging.whole_number(value)
try_cast(regexp_extract(value, '^\s*(-?\d+)([.]0*)?\s*$', 1) as integer)
