-- One row per ISO week with a published run, up to twelve weeks back, and the baseline even where it is older: what
-- sparklines and trends stand on. A week's run is its last one; weeks are those of the configured zone.
-- grain: an ISO week
-- kind: view
-- check: unique(weeks_ago)
with runs as (
    select distinct
        metrics.run_id,
        metrics.as_of_at,
        cast(date_trunc('week', timezone(settings.timezone, timezone('UTC', metrics.as_of_at))) as date) as week_starts_on,
        cast(date_trunc('week', timezone(settings.timezone, timezone('UTC', settings.as_of_at))) as date) as this_week_starts_on
    from mart.metrics as metrics
    cross join meta.current_run as settings
    where metrics.metric = 'inventory.endpoints' and metrics.scope = 'all' and metrics.as_of_at <= settings.as_of_at
),
last_runs as (
    select
        runs.run_id,
        runs.as_of_at,
        runs.week_starts_on,
        cast(date_diff('day', runs.week_starts_on, runs.this_week_starts_on) // 7 as integer) as weeks_ago
    from runs
    qualify row_number() over (partition by runs.week_starts_on order by runs.as_of_at desc, runs.run_id desc) = 1
),
numbered as (
    select
        last_runs.run_id,
        last_runs.as_of_at,
        last_runs.week_starts_on,
        last_runs.weeks_ago,
        row_number() over (order by last_runs.weeks_ago, last_runs.run_id) as newness
    from last_runs
)
select
    numbered.weeks_ago, -- whole weeks before the week of the newest run; 0 is that week
    numbered.week_starts_on, -- monday of the week, in the configured zone
    cast(isoyear(numbered.week_starts_on) as integer) as iso_year, -- ISO year of the week
    cast(week(numbered.week_starts_on) as integer) as iso_week, -- ISO number of the week
    numbered.run_id, -- the last published run of the week
    numbered.as_of_at, -- when that run's extraction began
    numbered.newness = 2 as is_baseline -- whether this week compares with it: the newest run before this week's Monday
from numbered
where numbered.weeks_ago <= 12 or numbered.newness = 2
