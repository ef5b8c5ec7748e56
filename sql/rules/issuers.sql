-- Who may be trusted by the public: ordered patterns on a certificate's issuer and CA vendor, the first that matches decides.
-- A certificate that none matches is unknown. Edit the seed to add a CA; a rule for public certificates never fires on private or unknown ones.
-- grain: one pattern
-- kind: table
-- check: unique(rule_no)
-- check: not_null(rule_no, matches, trust)
-- check: accepted(matches, 'self_signed', 'name')
-- check: accepted(trust, 'public', 'private')
-- check: holds((matches = 'name') = (pattern is not null))
select
    cast(rule_no as integer) as rule_no, -- order, lowest first
    matches, -- self_signed (issuer is the subject, or the vendor says so), or name (issuer or CA vendor is like the pattern)
    pattern, -- of LIKE, in lower case
    trust, -- public or private
    reason -- why
from raw.rules_issuers
