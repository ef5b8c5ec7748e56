-- Days of a validity, both ends counted, any started day as a whole one: ceil((end - start + 1 s) / 86400 s).
-- Source: CA/Browser Forum TLS Baseline Requirements, 1.6.1 "validity period".
-- macro: core.lifetime_days(valid_from_at, valid_to_at)
(date_diff('microsecond', valid_from_at, valid_to_at) + 1000000 + 86399999999) // 86400000000
