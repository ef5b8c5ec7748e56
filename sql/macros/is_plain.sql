-- Whether a text begins with a letter, a digit or a mark of ASCII that opens no JSON: then it is not blank and no JSON value.
-- Two comparisons, which spare nearly every value a regular expression. False says nothing: such a text must be looked at.
-- macro: staging.is_plain(value)
(value >= '!' and value < '[') or (value >= '\' and value < '{')
