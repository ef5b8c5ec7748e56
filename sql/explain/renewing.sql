-- Endpoints with a certificate, with the renewal window of the profile that the automation inventory names, else of the certificate's
-- profile, else of the policy; the issuing CA is the certificate's.
-- shows: endpoint_key, business_unit, automation_state, automation_outcome, renewal_window_days, issuing_ca, common_name, valid_to_at
select
    endpoints.account,
    endpoints.endpoint_key,
    endpoints.business_unit,
    endpoints.certificate_key,
    endpoints.common_name,
    endpoints.valid_to_at,
    endpoints.automation_state,
    endpoints.automation_outcome,
    endpoints.trust,
    certificates.issuer as issuing_ca,
    coalesce(
        chosen.renewal_window_days, issuing.renewal_window_days, policy.renewal_window_days
    ) as renewal_window_days,
    policy.batch,
    policy.cycle_hours
from core.endpoints as endpoints
join core.certificates as certificates
    on certificates.certificate_key = endpoints.certificate_key
cross join rules.policy as policy
left join staging.profiles as chosen
    on chosen.account = endpoints.account
    and chosen.profile_id = endpoints.profile_id
left join staging.profiles as issuing
    on issuing.account = endpoints.account
    and issuing.profile_id = endpoints.issuing_profile_id
where true -- scope of endpoints
