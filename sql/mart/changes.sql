-- What moved since the baseline: the newest complete run of the account before the Monday of this week, 00:00 local.
-- An endpoint may move in several ways at once (renewed and unexplained). All endpoints of an account without a baseline are new where
-- another account has one, so that the sums of all accounts hold; where none has one there are no rows.
-- New is an endpoint that no run up to the baseline has seen, reappeared one that an earlier run has but the baseline has not: every
-- endpoint that is not in the baseline is one of the two, also when daily runs first saw it within the week.
-- What an accepted incomplete run did not show moves in no way: it may be there or not, and what it was is of another run.
-- A certificate is another one when its key is another, but not where the search knows it in one of the two runs only
-- (core.is_other_certificate). Limit: one whose end nobody knew in the week of the exchange counts as replaced, and not as renewed in the
-- week that learns the end: a published week stays as it was, and an exchange counts once. core.renewals has it.
-- Unexplained is an exchanged certificate whose endpoint id, old or new thumbprint or serial number no audit event after the baseline and
-- up to the run names, in any of its texts as a word of its own, and no target of our jobs. Limit: an identifier as short as 7 is found in
-- many events. Where the audit log was not read in the run of the account (core.audit_logs), such an exchange is not judged: nobody could
-- see an event.
-- grain: one movement of one endpoint in this run
-- kind: table
-- check: unique(endpoint_key, movement)
-- check: not_null(run_id, movement, account, endpoint_key, business_unit)
-- check: accepted(movement, 'new', 'removed', 'reappeared', 'renewed', 'reissued', 'replaced', 'newly_unsecured', 'newly_covered', 'rating_worse', 'unexplained', 'not_judged')
with accounts as (
    select
        build_accounts.account,
        build_accounts.baseline_run_id,
        build_accounts.baseline_as_of_at,
        current_run.run_id,
        current_run.as_of_at,
        logs.is_read as is_log_read
    from meta.build_accounts as build_accounts
    join core.audit_logs as logs
        on logs.account = build_accounts.account
    cross join meta.current_run as current_run
    cross join (select max(baseline_run_id) as newest_run_id from meta.build_accounts) as baselines
    where baselines.newest_run_id is not null
),

now_seen as (
    select
        versions.account,
        versions.endpoint_key,
        versions.endpoint_id,
        versions.business_unit,
        versions.host_name,
        versions.domain_name,
        versions.ip,
        versions.port,
        versions.protection,
        versions.certificate_key,
        versions.valid_to_at,
        versions.serial_number,
        versions.thumbprint,
        versions.issuer,
        versions.security_rating,
        ratings.grade_no
    from core.endpoint_history as versions
    left join rules.security_ratings as ratings
        on ratings.rating = staging.status_word(versions.security_rating)
    where versions.to_run_id is null and not versions.is_removed
),

then_seen as (
    select
        versions.account,
        versions.endpoint_key,
        versions.endpoint_id,
        versions.business_unit,
        versions.host_name,
        versions.domain_name,
        versions.ip,
        versions.port,
        versions.protection,
        versions.certificate_key,
        versions.valid_to_at,
        versions.serial_number,
        versions.thumbprint,
        versions.issuer,
        versions.security_rating,
        ratings.grade_no
    from core.endpoint_history as versions
    join accounts
        on accounts.account = versions.account
    left join rules.security_ratings as ratings
        on ratings.rating = staging.status_word(versions.security_rating)
    where
        versions.from_run_id <= accounts.baseline_run_id
        and (versions.to_run_id is null or versions.to_run_id > accounts.baseline_run_id)
        and not versions.is_removed
),

ever_seen as (
    select versions.endpoint_key
    from core.endpoint_history as versions
    join accounts
        on accounts.account = versions.account
    where versions.from_run_id <= accounts.baseline_run_id
    group by versions.endpoint_key
),

-- both states of an endpoint side by side; where_* is the place now, of a removed endpoint that of the baseline
compared as (
    select
        accounts.run_id,
        accounts.account,
        accounts.is_log_read,
        coalesce(now_seen.endpoint_key, then_seen.endpoint_key) as endpoint_key,
        now_seen.endpoint_key is not null as is_now,
        then_seen.endpoint_key is not null as is_then,
        ever_seen.endpoint_key is not null as is_known,
        case when now_seen.endpoint_key is null then then_seen.business_unit else now_seen.business_unit end as business_unit,
        case when now_seen.endpoint_key is null then then_seen.host_name else now_seen.host_name end as host_name,
        case when now_seen.endpoint_key is null then then_seen.domain_name else now_seen.domain_name end as domain_name,
        case when now_seen.endpoint_key is null then then_seen.ip else now_seen.ip end as ip,
        case when now_seen.endpoint_key is null then then_seen.port else now_seen.port end as port,
        now_seen.endpoint_id,
        then_seen.protection as old_protection,
        now_seen.protection as new_protection,
        then_seen.certificate_key as old_certificate_key,
        now_seen.certificate_key as new_certificate_key,
        then_seen.valid_to_at as old_valid_to_at,
        now_seen.valid_to_at as new_valid_to_at,
        then_seen.serial_number as old_serial_number,
        now_seen.serial_number as new_serial_number,
        then_seen.thumbprint as old_thumbprint,
        now_seen.thumbprint as new_thumbprint,
        core.is_other_certificate(
            then_seen.certificate_key, then_seen.thumbprint, then_seen.serial_number, then_seen.issuer,
            now_seen.certificate_key, now_seen.thumbprint, now_seen.serial_number, now_seen.issuer
        ) as is_exchanged,
        then_seen.security_rating as old_rating,
        now_seen.security_rating as new_rating,
        then_seen.grade_no as old_grade_no,
        now_seen.grade_no as new_grade_no
    from now_seen
    full outer join then_seen
        on then_seen.endpoint_key = now_seen.endpoint_key
    join accounts
        on accounts.account = coalesce(now_seen.account, then_seen.account)
    left join ever_seen
        on ever_seen.endpoint_key = now_seen.endpoint_key
    left join core.unread_endpoints as unread
        on unread.endpoint_key = now_seen.endpoint_key
    where unread.endpoint_key is null
),

exchanged as (
    select
        account,
        endpoint_key,
        upper(endpoint_id) as endpoint_id,
        old_thumbprint,
        new_thumbprint,
        old_serial_number,
        new_serial_number
    from compared
    where is_exchanged
),

-- the words of the events in the interval: runs of letters, digits, _ and -, also over colons, and runs without blanks, quotes and brackets
event_texts as (
    select
        events.account,
        upper(concat_ws(' ', events.resource_id, events.description, events.data)) as text
    from core.audit_events as events
    join accounts
        on accounts.account = events.account
    where events.occurred_at > accounts.baseline_as_of_at and events.occurred_at <= accounts.as_of_at
),

found_words as (
    select
        account,
        unnest(regexp_extract_all(text, '[0-9A-Z_-]+')) as word
    from event_texts
    union
    select
        account,
        unnest(regexp_extract_all(text, '[^\s"'',;(){}\[\]<>=]+')) as word
    from event_texts
    union
    select
        account,
        unnest(regexp_extract_all(replace(text, ':', ''), '[0-9A-Z_-]+')) as word
    from event_texts
),

-- a serial number is known whatever zeros it is written with
event_words as (
    select
        account,
        word
    from found_words
    union
    select
        account,
        core.serial_digits(word) as word
    from found_words
    where starts_with(word, '0') and core.serial_digits(word) <> ''
),

exchange_names as (
    select
        account,
        endpoint_key,
        unnest([
            endpoint_id, old_thumbprint, new_thumbprint,
            old_serial_number, core.serial_digits(old_serial_number), new_serial_number, core.serial_digits(new_serial_number)
        ]) as word
    from exchanged
),

explained as (
    select exchange_names.endpoint_key
    from exchange_names
    join event_words
        on event_words.account = exchange_names.account
        and event_words.word = exchange_names.word
    union
    select targets.endpoint_key
    from core.job_targets as targets
    join accounts
        on accounts.account = targets.account
    where
        coalesce(targets.ended_at, targets.submitted_at) > accounts.baseline_as_of_at
        and targets.submitted_at <= accounts.as_of_at
),

moved as (
    select
        compared.endpoint_key,
        unnest([
            case when compared.is_now and not compared.is_then and not compared.is_known then 'new' end,
            case when compared.is_then and not compared.is_now then 'removed' end,
            case when compared.is_now and not compared.is_then and compared.is_known then 'reappeared' end,
            case
                when not coalesce(compared.is_exchanged, false) then null
                when compared.new_valid_to_at > compared.old_valid_to_at then 'renewed'
                when compared.new_valid_to_at = compared.old_valid_to_at then 'reissued'
                else 'replaced'
            end,
            case
                when compared.old_protection = 'certificate' and compared.new_protection in ('none', 'unspecified')
                    then 'newly_unsecured'
                when compared.new_protection = 'certificate' and compared.old_protection in ('none', 'unspecified')
                    then 'newly_covered'
            end,
            case when compared.new_grade_no > compared.old_grade_no then 'rating_worse' end,
            case
                when compared.is_exchanged and explained.endpoint_key is null
                    then case when compared.is_log_read then 'unexplained' else 'not_judged' end
            end
        ]) as movement
    from compared
    left join explained
        on explained.endpoint_key = compared.endpoint_key
)

select
    compared.run_id, -- this run
    moved.movement, -- new, removed, reappeared, renewed, reissued, replaced, newly_unsecured, newly_covered, rating_worse, unexplained or not_judged
    compared.account, -- the account's name in the configuration
    compared.endpoint_key, -- identity of the endpoint
    compared.business_unit, -- its unit now; of a removed endpoint that of the baseline
    compared.host_name,
    compared.domain_name,
    compared.ip,
    compared.port,
    compared.old_certificate_key, -- its certificate at the baseline
    compared.new_certificate_key, -- its certificate now
    compared.old_valid_to_at, -- end of the certificate at the baseline
    compared.new_valid_to_at, -- end of the certificate now
    compared.old_serial_number, -- serial at the baseline
    compared.new_serial_number, -- serial now
    compared.old_rating, -- security rating at the baseline
    compared.new_rating, -- security rating now
    case
        when moved.movement = 'rating_worse' then compared.old_rating || ' to ' || compared.new_rating
        when moved.movement in ('newly_unsecured', 'newly_covered')
            then compared.old_protection || ' to ' || compared.new_protection
        when moved.movement in ('renewed', 'replaced')
            then 'ends ' || coalesce(strftime(compared.new_valid_to_at, '%Y-%m-%d'), 'unknown')
                || ', was ' || coalesce(strftime(compared.old_valid_to_at, '%Y-%m-%d'), 'unknown')
        when moved.movement = 'reissued' then 'ends ' || strftime(compared.new_valid_to_at, '%Y-%m-%d') || ' as before'
        when moved.movement = 'unexplained' then 'no audit event names the endpoint or either certificate'
        when moved.movement = 'not_judged' then 'the audit log was not read'
    end as detail -- what changed, for people
from moved
join compared
    on compared.endpoint_key = moved.endpoint_key
where moved.movement is not null
order by
    moved.movement,
    compared.endpoint_key
