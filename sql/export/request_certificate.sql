-- Endpoints that a certificate can be requested for: two requests of one name on the vendor's page.
-- `enroll` on the Unsecured view: no certificate known, whether or not the discovery failed. `duplicate` on the Automated view: a certificate is there,
-- the automation solution can reach the endpoint and its GUID is known.
-- Selected: enroll where the protection is none or unspecified and automation is available; duplicates only with --where.
-- Checked by `bulk plan`, because people fill it in later: that the profile allows duplicates, and for enroll without a GUID that it has the admin web request method.
-- grain: one eligible endpoint
-- kind: view
-- check: unique(endpoint_key)
with

requests as (
    select
        endpoint_key,
        protection,
        automation_state,
        automation_guid,
        days_left,
        case when protection = 'certificate' then 'duplicate' else 'enroll' end as request
    from core.endpoints
    where
        (protection = 'certificate' and automation_state <> 'not_available' and automation_guid is not null)
        or protection in ('none', 'unspecified')
        or (protection = 'discovery_error' and is_unsecured)
)

select
    endpoint_key,
    protection in ('none', 'unspecified') and automation_state = 'available' as is_selected, -- whether the default selection has it
    request, -- duplicate (beside the certificate that is there) or enroll (a new one)
    case
        when request = 'duplicate' then 'selected with --where: a duplicate of a certificate that ' || export.expiry_words(days_left)
        when protection = 'none' then 'no certificate'
        when protection = 'unspecified' then 'no certificate, the service does not say why'
        else 'the discovery of its certificate failed'
    end
    || case
        when request = 'duplicate' then ''
        when automation_state = 'available' then ', automation is available'
        when automation_state = 'managed' then ', under management'
        else ', automation is not available'
    end
    || case
        when automation_guid is null then '; GUID unknown: needs a profile with the admin web request method'
        else ''
    end as reason -- why the row is there
from requests
