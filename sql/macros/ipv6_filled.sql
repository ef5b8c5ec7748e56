-- An IPv6 text whose `::` stands between two groups, with the zero groups that it leaves out: n colons mean n groups beside it.
-- macro: staging.ipv6_filled(value)
replace(value, '::', ':' || repeat('0:', greatest(0, 8 - (length(value) - length(replace(value, ':', ''))))))
