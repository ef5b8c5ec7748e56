-- Endpoints whose certificate is a leg of a multi-year plan and has under 30 days left (the vendor's limit): the automation solution can reach them and their GUID is known.
-- No field of the service says what belongs to such a plan: the policy's multi_year_profiles does, by identifier or name of the profile (default: none).
-- Selected: under 30 days left, or under the policy's renew_days where that is less. The last leg of a plan takes reissue instead; no field says which one that is.
-- grain: one eligible endpoint
-- kind: view
-- check: unique(endpoint_key)
select
    endpoints.endpoint_key,
    endpoints.days_left < least(30, policy.renew_days) as is_selected, -- whether the default selection has it
    'multi-year plan of profile ' || coalesce(endpoints.profile_name, endpoints.profile_id, endpoints.issuing_profile_id) || ': ' || export.expiry_words(endpoints.days_left)
        as reason -- why the row is there
from core.endpoints as endpoints
cross join rules.policy as policy
where
    endpoints.protection = 'certificate'
    and endpoints.automation_state <> 'not_available'
    and endpoints.automation_guid is not null
    and endpoints.days_left < 30
    and (
        list_contains(policy.multi_year_profiles, endpoints.issuing_profile_id)
        or list_contains(policy.multi_year_profiles, endpoints.profile_id)
        or list_contains(policy.multi_year_profiles, endpoints.profile_name)
    )
