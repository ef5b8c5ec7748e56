-- A pattern of people, in which * stands for any text, as one of LIKE with \ as escape, in lower case.
-- macro: core.like_pattern(pattern)
replace(replace(replace(replace(lower(pattern), '\', '\\'), '%', '\%'), '_', '\_'), '*', '%')
