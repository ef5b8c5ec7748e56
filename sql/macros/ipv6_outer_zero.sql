-- An IPv6 text that begins or ends with `::` with a zero written before or after it, so that every `::` stands between two groups.
-- macro: staging.ipv6_outer_zero(value)
case when value like '::%' then '0' else '' end || value || case when value like '%::' then '0' else '' end
