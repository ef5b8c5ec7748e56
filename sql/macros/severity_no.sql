-- How grave a severity is, as a number: 1 is the gravest. As words they would sort critical, high, low, medium.
-- macro: core.severity_no(severity)
case severity when 'critical' then 1 when 'high' then 2 when 'medium' then 3 when 'low' then 4 end
