-- Endpoints by the local day on which their certificate ends, for calendars; days are those of the configured zone.
-- Endpoints without a certificate, or with one whose end is not known, are not here: see expiry.unknown in mart.metrics.
-- grain: one day, account, business unit and issuing CA
-- kind: table
-- check: unique(expires_on, account, business_unit, issuing_ca)
select
    cast(timezone(current_run.timezone, timezone('UTC', endpoints.valid_to_at)) as date) as expires_on, -- local day of the end
    endpoints.account, -- the account's name in the configuration
    endpoints.business_unit, -- the endpoint's unit
    coalesce(endpoints.ca_vendor, endpoints.issuer, 'unknown') as issuing_ca, -- vendor of the CA, else the issuer, or unknown
    count(*) as endpoints, -- endpoints whose certificate ends on that day
    count(*) filter (where endpoints.automation_state <> 'managed') as by_hand -- of them not under managed automation
from core.endpoints as endpoints
cross join meta.current_run as current_run
where endpoints.protection = 'certificate' and endpoints.valid_to_at is not null
group by
    cast(timezone(current_run.timezone, timezone('UTC', endpoints.valid_to_at)) as date),
    endpoints.account,
    endpoints.business_unit,
    coalesce(endpoints.ca_vendor, endpoints.issuer, 'unknown')
order by
    expires_on,
    account,
    business_unit,
    issuing_ca
