-- A bulk job of ours. Empty until there are any.
-- grain: one submitted plan of an account
-- kind: view
select
    cast(null as varchar) as plan_id, -- the plan it was made from
    cast(null as varchar) as account, -- the account's name in the configuration
    cast(null as varchar) as action, -- the action of the plan
    cast(null as varchar) as job_name, -- its name in the service
    cast(null as timestamp) as created_at, -- when the plan was made
    cast(null as varchar) as created_by, -- who made it
    cast(null as varchar) as approved_by, -- who approved it
    cast(null as timestamp) as submitted_at, -- when it was submitted
    cast(null as timestamp) as ended_at, -- when its last target ended
    cast(null as varchar) as status -- how it stands
where false
