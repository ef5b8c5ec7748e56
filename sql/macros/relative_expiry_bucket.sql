-- The share of its lifetime that a certificate has left at an instant, as a bucket; null when it is expired or a date is unknown.
-- Whole microseconds are compared, so that no bound is moved by rounding.
-- macro: core.relative_expiry_bucket(valid_from_at, valid_to_at, as_of_at)
case
    when valid_to_at < as_of_at then null
    when 10 * date_diff('microsecond', as_of_at, valid_to_at) < date_diff('microsecond', valid_from_at, valid_to_at)
        then 'under_10pct'
    when 3 * date_diff('microsecond', as_of_at, valid_to_at) < date_diff('microsecond', valid_from_at, valid_to_at)
        then 'under_third'
    when 2 * date_diff('microsecond', as_of_at, valid_to_at) < date_diff('microsecond', valid_from_at, valid_to_at)
        then 'under_half'
    when valid_from_at < valid_to_at then 'rest'
end
