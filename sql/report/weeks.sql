-- One row per ISO week with a complete run, up to twelve weeks back, and the baseline even where it is older: what
-- sparklines and trends stand on. A week's run is its last complete one; weeks are those of the configured zone.
-- An earlier run in which an account's rows are of a run that was published incomplete (tlm build --accept-incomplete) is left out, and a week
-- that has no other has no row: such a run is no baseline and would bend the trend. The newest run is there whatever it lacks.
-- grain: an ISO week
-- kind: view
-- check: unique(weeks_ago)
with loaded as (
    select
        account,
        run_id,
        is_complete,
        lead(run_id) over (partition by account order by run_id) as next_run_id
    from meta.runs
    where is_complete or is_accepted
),

incomplete as (
    select metrics.run_id
    from mart.metrics as metrics
    join loaded
        on metrics.run_id >= loaded.run_id
        and (loaded.next_run_id is null or metrics.run_id < loaded.next_run_id)
    where
        not loaded.is_complete
        and metrics.metric = 'inventory.endpoints'
        and metrics.scope = 'all'
    group by metrics.run_id
),

runs as (
    select
        metrics.run_id,
        metrics.as_of_at,
        cast(
            date_trunc('week', timezone(current_run.timezone, timezone('UTC', metrics.as_of_at))) as date
        ) as week_starts_on,
        cast(
            date_trunc('week', timezone(current_run.timezone, timezone('UTC', current_run.as_of_at))) as date
        ) as this_week_starts_on
    from mart.metrics as metrics
    cross join meta.current_run as current_run
    left join incomplete
        on incomplete.run_id = metrics.run_id
    where
        metrics.metric = 'inventory.endpoints'
        and metrics.scope = 'all'
        and metrics.as_of_at <= current_run.as_of_at
        and (incomplete.run_id is null or metrics.run_id = current_run.run_id)
),

last_runs as (
    select
        run_id,
        as_of_at,
        week_starts_on,
        cast(date_diff('day', week_starts_on, this_week_starts_on) // 7 as integer) as weeks_ago
    from runs
    qualify row_number() over (partition by week_starts_on order by as_of_at desc, run_id desc) = 1
),

numbered as (
    select
        run_id,
        as_of_at,
        week_starts_on,
        weeks_ago,
        row_number() over (order by weeks_ago, run_id) as newness
    from last_runs
)

select
    weeks_ago, -- whole weeks before the week of the newest run; 0 is that week
    week_starts_on, -- monday of the week, in the configured zone
    cast(isoyear(week_starts_on) as integer) as iso_year, -- ISO year of the week
    cast(week(week_starts_on) as integer) as iso_week, -- ISO number of the week
    run_id, -- the last complete run of the week
    as_of_at, -- when that run's extraction began
    newness = 2 as is_baseline -- whether this week compares with it: the newest complete run before this week's Monday
from numbered
where weeks_ago <= 12 or newness = 2
