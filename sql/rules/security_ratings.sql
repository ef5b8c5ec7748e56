-- The security ratings that always have a row in mart.metrics, and their order; another word is a member of its own without a grade.
-- grain: one rating, upper case with underscores
-- kind: table
-- check: unique(rating)
-- check: not_null(rating)
select
    rating, -- the word as it is compared
    cast(grade_no as integer) as grade_no, -- 1 is best; null is not rated
    sentence -- what it means
from raw.rules_security_ratings
