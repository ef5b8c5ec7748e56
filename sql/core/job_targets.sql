-- A target of a bulk job of ours. Empty until there are any.
-- grain: one row of a plan
-- kind: view
select
    cast(null as varchar) as plan_id, -- the plan it belongs to
    cast(null as bigint) as row, -- its row in the plan
    cast(null as varchar) as account, -- the account's name in the configuration
    cast(null as varchar) as endpoint_key, -- the endpoint
    cast(null as varchar) as certificate_key, -- its certificate when the plan was made
    cast(null as varchar) as automation_guid, -- the GUID that was targeted
    cast(null as varchar) as outcome, -- accepted, ineligible, skipped, succeeded, failed, timed_out or unknown
    cast(null as varchar) as reason, -- why
    cast(null as varchar) as api_message, -- the API's words
    cast(null as varchar) as old_serial_number, -- serial before
    cast(null as varchar) as new_serial_number, -- serial after
    cast(null as timestamp) as submitted_at, -- when it was submitted
    cast(null as timestamp) as ended_at -- when it ended
where false
