-- How a metric is had from published tables, for people who ask where a number comes from (`tlm explain`): the rows of
-- sql/explain/<subject>.sql, which of them count, and of which they are a share. mart.metrics is computed apart, in one pass; a test
-- holds the two against each other for every metric, scope and member.
-- grain: one metric
-- kind: table
-- check: unique(metric)
-- check: not_null(metric, subject, counted)
-- check: found_in(metric, rules.metrics.metric)
-- check: found_in(rule, rules.findings.id)
select
    metric, -- name of the metric
    subject, -- file of sql/explain/ whose rows it counts
    counted, -- condition of the rows that are counted
    among, -- condition of the rows that they are a share of; null for a count
    coalesce(numerator_sql, 'count(*) filter (where ' || counted || ')') as numerator_sql, -- gives the numerator
    coalesce(denominator_sql, 'count(*) filter (where ' || among || ')') as denominator_sql, -- gives the denominator; null for a count
    member_sql, -- gives the member of a row; null where the metric has no members
    rule, -- the rule of rules.findings that stands behind it
    settings -- columns of rules.policy that it depends on, with blanks between
from raw.rules_metric_queries
