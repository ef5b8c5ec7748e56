-- The days left as words for a `reason`: "expires in 12 days", "expired 3 days ago" (whole days as in days_left, rounded down).
-- macro: export.expiry_words(days_left)
case
    when days_left is null then 'expiry unknown'
    when days_left = 0 then 'expires within a day'
    when days_left = 1 then 'expires in 1 day'
    when days_left > 1 then 'expires in ' || days_left || ' days'
    when days_left = -1 then 'expired within the last day'
    else 'expired ' || -days_left || ' days ago'
end
