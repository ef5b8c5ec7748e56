-- The age bucket of whole days: the last part of the name of its metric.
-- macro: core.age_bucket(age_days)
case
    when age_days <= 7 then 'age_0_7'
    when age_days <= 30 then 'age_8_30'
    when age_days <= 90 then 'age_31_90'
    when age_days > 90 then 'age_over_90'
end
