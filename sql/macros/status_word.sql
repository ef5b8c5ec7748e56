-- A status word in the form in which words are compared: upper case, blanks and tabs as underscores ("At risk" is AT_RISK).
-- macro: staging.status_word(value)
upper(replace(trim(replace(value, chr(9), ' ')), ' ', '_'))
