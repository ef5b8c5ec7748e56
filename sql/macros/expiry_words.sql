-- The days left as words for a `reason`: "expires in 12 days", "expired 3 days ago".
-- Both ways whole days that are full: days_left is rounded down, so -3 is more than 2 days and "2 days ago".
-- macro: export.expiry_words(days_left)
case
    when days_left is null then 'expiry unknown'
    when days_left = 0 then 'expires within a day'
    when days_left = 1 then 'expires in 1 day'
    when days_left > 1 then 'expires in ' || days_left || ' days'
    when days_left = -1 then 'expired today'
    when days_left = -2 then 'expired 1 day ago'
    else 'expired ' || (-days_left - 1) || ' days ago'
end
