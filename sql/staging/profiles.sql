-- A certificate profile of an account.
-- grain: one profile of an account
-- kind: view
-- check: unique(account, profile_id)
with typed as (
    select
        account,
        received_no,
        staging.filled(id) as profile_id,
        staging.filled(name) as profile_name,
        coalesce(
            staging.whole_number(staging.filled(renewal_period_days)), staging.whole_number(staging.filled(renewal_window_days))
        ) as renewal_window_days
    from raw.profiles
)

select
    account, -- the account's name in the configuration
    profile_id, -- identifier of the profile
    arg_min(profile_name, received_no) filter (where profile_name is not null) as profile_name, -- name of the profile
    arg_min(renewal_window_days, received_no) filter (
        where renewal_window_days is not null
    ) as renewal_window_days -- days before the end when renewal starts
from typed
where profile_id is not null
group by
    account,
    profile_id
