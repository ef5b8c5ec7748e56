"""`tlm diff RUN_A RUN_B`: what is other at each endpoint in a later run, from the versions, so between any two runs.

The kinds of change are those of mart.changes, computed the same way, and more of what it does not count. An account is
compared with its newest complete run up to RUN_A; one that has none is left out, as it has no baseline. The rows are
data; how many endpoints came, went and changed is said before them, to the log.
"""

from __future__ import annotations

import difflib
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.export.query import run_query
from pipeline.warehouse.duck import Warehouse, identifier, literal, open_read_only

logger = logging.getLogger(__name__)

_NO_FIELDS = frozenset(("account", "endpoint_key", "from_run_id", "to_run_id", "is_removed"))
_KINDS = {
    "protection": "case when then_protection = 'certificate' and protection in ('none', 'unspecified')"
    " then 'newly_unsecured' when protection = 'certificate' and then_protection in ('none', 'unspecified')"
    " then 'newly_covered' else 'protection' end",
    "security_rating": "case when grade_no > then_grade_no then 'rating_worse'"
    " when grade_no < then_grade_no then 'rating_better' else 'rating' end",
    "business_unit": "'moved_unit'",
    "automation_state": "'automation'",
    "automation_status": "'automation'",
    "automation_outcome": "'automation'",
    "automation_guid": "'automation'",
}
# What comes with the certificate: under the kind of its exchange, or of its own where it stayed.
_OF_CERTIFICATE = frozenset((
    *("certificate_key", "certificate_match", "certificate_id", "certificate_status", "common_name", "sans", "issuer"),
    *("serial_number", "thumbprint", "ca_vendor", "trust", "valid_from_at", "valid_to_at", "key_type", "key_size"),
    *("signature_algorithm", "is_revoked", "has_undeployed_renewal", "is_owned", "has_owner", "tags"),
    *("issuing_profile_id", "profile_id", "profile_name"),
))  # fmt: skip
_EXCHANGE = (
    "case when not coalesce(core.is_other_certificate(then_certificate_key, then_thumbprint, then_serial_number,"
    " then_issuer, certificate_key, thumbprint, serial_number, issuer), false)"
    " then 'certificate' when valid_to_at > then_valid_to_at then 'renewed'"
    " when valid_to_at = then_valid_to_at then 'reissued' else 'replaced' end"
)
_DIFF = """
with accounts as (
    select
        account,
        max(run_id) as run_id
    from meta.runs
    where run_id <= {before} and (is_complete or (is_accepted and run_id = {before}))
    group by account
),

versions as (
    select
        history.*,
        ratings.grade_no,
        accounts.run_id as baseline_run_id
    from core.endpoint_history as history
    join accounts
        on accounts.account = history.account
    left join rules.security_ratings as ratings
        on ratings.rating = staging.status_word(history.security_rating)
),

seen as (
    select endpoint_key
    from versions
    where from_run_id <= baseline_run_id
    group by endpoint_key
),

-- the same version on both sides is no change
compared as (
    select
        coalesce(later.account, earlier.account) as account,
        coalesce(later.endpoint_key, earlier.endpoint_key) as endpoint_key,
        case
            when earlier.endpoint_key is null and seen.endpoint_key is null then 'new'
            when earlier.endpoint_key is null then 'reappeared'
            when later.endpoint_key is null then 'removed'
        end as coming,
        case when later.endpoint_key is null then earlier.host_name else later.host_name end as shown_host_name,
        case when later.endpoint_key is null then earlier.ip else later.ip end as shown_ip,
        case when later.endpoint_key is null then earlier.port else later.port end as shown_port,
        case when later.endpoint_key is null then earlier.business_unit else later.business_unit end as shown_unit,
        later.grade_no,
        earlier.grade_no as then_grade_no,
        {columns}
    from (
        select *
        from versions
        where from_run_id <= {after} and (to_run_id is null or to_run_id > {after}) and not is_removed
    ) as later
    full outer join (
        select *
        from versions
        where
            from_run_id <= baseline_run_id
            and (to_run_id is null or to_run_id > baseline_run_id)
            and not is_removed
    ) as earlier
        on earlier.endpoint_key = later.endpoint_key
    left join seen
        on seen.endpoint_key = later.endpoint_key
    where later.from_run_id is distinct from earlier.from_run_id
),

told as (
    select
        account,
        endpoint_key,
        shown_host_name as host_name,
        shown_ip as ip,
        shown_port as port,
        shown_unit as business_unit,
        unnest(
            case
                when coming is not null
                    then [{{'change': coming, 'field': null, 'old_value': null, 'new_value': null}}]
                else [
                    {fields}
                ]
            end
        ) as told
    from compared
)

select
    account,
    endpoint_key,
    host_name,
    ip,
    port,
    business_unit,
    told.change as change,
    told.field as field,
    told.old_value as old_value,
    told.new_value as new_value
from told
where told is not null{narrowed}
order by
    account,
    endpoint_key,
    change,
    field
"""
# One row a kind of change, and one without for all endpoints that changed; a field counts once at an endpoint.
_COUNTS = """
with told as materialized ({rows}),

fields as (
    select
        change,
        field,
        count(*) as endpoints
    from told
    where field is not null
    group by change, field
)

select
    told.change,
    count(distinct told.endpoint_key) as endpoints,
    (
        select string_agg(fields.field || ' ' || fields.endpoints, ', ' order by fields.endpoints desc, fields.field)
        from fields
        where fields.change = told.change
    ) as fields
from told
group by told.change
union all
select
    null,
    count(distinct endpoint_key),
    null
from told
where field is not null
order by endpoints desc, change
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """From which published run to which later one; the endpoints of which account and unit, None for all."""

    run_a: str
    run_b: str
    account: str | None = None
    business_unit: str | None = None


def show_diff(database: Path, asked: Asked, *, form: str = "table", out: Path | None = None) -> None:
    """Write one row a changed field, as `run_query` does: change, field, old and new value, and whose it is.

    An endpoint that is new, reappeared or removed has one row without field. The counts go to the log first.
    UsageError when a run, the account or the unit is not in `database`, or RUN_B is not the later one.
    """
    with open_read_only(database) as warehouse:
        runs = _require_runs(warehouse, (asked.run_a, asked.run_b))
        if asked.run_a >= asked.run_b:
            msg = f"Run {asked.run_b} is not later than {asked.run_a}; give the earlier one first."
            raise UsageError(msg)
        for name, column in ((asked.account, "account"), (asked.business_unit, "business_unit")):
            _require_known(warehouse, name, column)
        left_out = sorted(
            runs[asked.run_b] - set().union(*(accounts for run, accounts in runs.items() if run <= asked.run_a))
        )
        fields = [name for name, _ in warehouse.columns("from core.endpoint_history") if name not in _NO_FIELDS]
        statement = _statement(asked, fields)
        counts: list[tuple[str | None, int, str | None]] = warehouse.rows(_COUNTS.format(rows=statement))
    if left_out:
        logger.warning(
            "No run up to %s has the account %s; its endpoints are not compared.", asked.run_a, ", ".join(left_out)
        )
    for line in _summary(asked, counts):
        logger.info("%s", line)
    if len(counts) > 1 or form != "table" or out is not None:
        run_query(database, statement, form=form, out=out)


def _summary(asked: Asked, counts: Iterable[tuple[str | None, int, str | None]]) -> Iterator[str]:
    """How many endpoints appeared, vanished and changed; then each kind of change with its fields."""
    whose = "".join(
        f", {word} {name}" for word, name in (("account", asked.account), ("unit", asked.business_unit)) if name
    )
    between = f"from run {asked.run_a} to {asked.run_b}{whose}"
    endpoints = {change: count for change, count, _ in counts}
    if len(endpoints) == 1:  # the sum alone
        yield f"Nothing changed {between}."
        return

    came, again, gone = (endpoints.get(kind, 0) for kind in ("new", "reappeared", "removed"))
    moved = f"{came:,} appeared, {again:,} reappeared, {gone:,} vanished"
    yield f"Endpoints {between}: {moved}, {endpoints[None]:,} changed."
    for change, count, fields in counts:
        if fields is not None:
            yield f"{change} at {count:,} endpoint{'' if count == 1 else 's'}: {fields}."


def _require_known(warehouse: Warehouse, name: str | None, column: str) -> None:
    """UsageError for an account or a unit that no endpoint has or had."""
    if name is None:
        return
    known = [str(row[0]) for row in warehouse.rows(f"select distinct {column} from core.endpoint_history order by 1")]  # noqa: S608 -- a column of ours
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or known[:3]
        msg = f"No endpoint has the {column.replace('_', ' ')} {name!r}; near it: {', '.join(near) or 'nothing'}."
        raise UsageError(msg)


def _require_runs(warehouse: Warehouse, wanted: Iterable[str]) -> dict[str, set[str]]:
    """The accounts of each published run, oldest first; UsageError for one that is not there names five."""
    found: dict[str, set[str]] = {}
    sql = "select run_id, account from meta.runs where is_complete or is_accepted order by run_id"
    for run, account in warehouse.rows(sql):
        found.setdefault(run, set()).add(account)
    for run in wanted:
        if run not in found:
            msg = f"No run {run!r} is in the database; its newest are: {', '.join(list(found)[-5:])}."
            raise UsageError(msg)
    return found


def _statement(asked: Asked, fields: list[str]) -> str:
    columns = (
        f"later.{identifier(name)}, earlier.{identifier(name)} as {identifier(f'then_{name}')}" for name in fields
    )
    told = (_told(name) for name in fields)
    narrowed = "".join(
        f"\n    and {column} = {literal(name)}"
        for name, column in ((asked.account, "account"), (asked.business_unit, "business_unit"))
        if name is not None
    )
    return _DIFF.format(
        before=literal(asked.run_a),
        after=literal(asked.run_b),
        columns=",\n        ".join(columns),
        fields=",\n".join(told),
        narrowed=narrowed,
    )


def _told(name: str) -> str:
    """A struct of what changed in one field, null where nothing did."""
    kind = _KINDS.get(name, _EXCHANGE if name in _OF_CERTIFICATE else "'attribute'")
    new, old = identifier(name), identifier(f"then_{name}")
    return (
        f"case when {new} is distinct from {old} then {{'change': {kind}, 'field': {literal(name)},"
        f" 'old_value': cast({old} as varchar), 'new_value': cast({new} as varchar)}} end"
    )
