-- A thumbprint or serial number in its one form: upper case, without colons and blanks; null where nothing is left.
-- macro: staging.hexadecimal(value)
nullif(upper(regexp_replace(staging.filled(value), '[:\s]', '', 'g')), '')
