-- The catalogue of metrics: what each value in mart.metrics counts, in words that the report prints.
-- grain: one metric
-- kind: table
-- check: unique(metric)
-- check: not_null(metric, area, unit, sentence, numerator)
-- check: accepted(unit, 'count', 'share', 'rate', 'days', 'hours')
-- check: holds((unit in ('share', 'rate')) = (denominator is not null))
select
    metric, -- its name
    area, -- group of metrics, the first part of the name
    unit, -- count, share, rate (a week), days or hours
    dimension, -- what its members are of; null where it has none
    sentence, -- what it says
    numerator, -- what is counted
    denominator -- what it is a share of, or divided by; null for a count
from raw.rules_metrics
