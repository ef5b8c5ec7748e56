-- The expiry bucket of days left: the last part of the name of its metric; null days are `unknown`.
-- macro: core.expiry_bucket(days_left)
case
    when days_left is null then 'unknown'
    when days_left < 0 then 'expired'
    when days_left <= 7 then 'd0_7'
    when days_left <= 14 then 'd8_14'
    when days_left <= 30 then 'd15_30'
    when days_left <= 60 then 'd31_60'
    when days_left <= 90 then 'd61_90'
    else 'over_90'
end
