-- Whole days from one instant to a later one, rounded down, also below zero: an hour ago is -1.
-- macro: core.whole_days(earlier_at, later_at)
case
    when later_at >= earlier_at then date_diff('microsecond', earlier_at, later_at) // 86400000000
    else -((date_diff('microsecond', later_at, earlier_at) + 86399999999) // 86400000000)
end
