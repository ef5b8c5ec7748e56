-- A status word in the form in which words are compared: upper case, blanks as underscores ("At risk" is AT_RISK).
-- macro: staging.status_word(value)
upper(replace(trim(value), ' ', '_'))
