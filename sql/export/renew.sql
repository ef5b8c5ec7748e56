-- Endpoints whose certificate can be renewed with new dates: publicly trusted, of a CA of DigiCert or Sectigo (the vendor renews no others),
-- the automation solution can reach the endpoint and its GUID is known.
-- Selected: as many days left as the policy's renew_days or fewer, expired ones too.
-- grain: one eligible endpoint
-- kind: view
-- check: unique(endpoint_key)
select
    endpoints.endpoint_key,
    coalesce(endpoints.days_left <= policy.renew_days, false) as is_selected, -- whether the default selection has it
    case when endpoints.days_left <= policy.renew_days then '' else 'selected with --where: ' end
    || export.expiry_words(endpoints.days_left) as reason -- why the row is there
from core.endpoints as endpoints
cross join rules.policy as policy
where
    endpoints.protection = 'certificate'
    and endpoints.automation_state <> 'not_available'
    and endpoints.automation_guid is not null
    and endpoints.trust = 'public'
    and (lower(endpoints.ca_vendor) like 'digicert%' or lower(endpoints.ca_vendor) like 'sectigo%')
