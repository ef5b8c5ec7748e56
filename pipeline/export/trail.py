"""`tlm audit-trail`: every event of one endpoint, oldest first, from the published file or as the API has just told it.

An event is the endpoint's when it resolves to it, when it is about one of its identifiers, or when it is about a
certificate that the endpoint carries or has carried and resolves to no other endpoint.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.export.query import run_query
from pipeline.warehouse.duck import literal, open_read_only

logger = logging.getLogger(__name__)

_FOUND = """
select
    account,
    endpoint_key,
    list_sort(list_distinct(flatten(list([endpoint_id, automation_guid, certificate_id])))) as resource_ids
from core.endpoint_history
where ? in (endpoint_key, endpoint_id)
group by
    account,
    endpoint_key
order by endpoint_key
"""
_NEAREST = """
select name
from (select distinct unnest([endpoint_key, endpoint_id]) as name from core.endpoint_history)
where jaro_winkler_similarity(name, ?) > 0.8
order by
    jaro_winkler_similarity(name, ?) desc,
    name
limit 1
"""
# The parameters become literals: what is shown goes through the printing of `tlm query`, which takes one statement.
_EVENTS = """
with endpoint as (
    select
        {account} as account,
        {key} as endpoint_key
),

certificates as (
    select distinct history.certificate_key
    from core.endpoint_history as history
    join endpoint
        on endpoint.endpoint_key = history.endpoint_key
    where history.certificate_key is not null
)

select
    events.occurred_at,
    events.action,
    events.status,
    events.actor,
    events.resource_type,
    events.description,
    events.event_id
from core.audit_events as events
join endpoint
    on endpoint.account = events.account
left join certificates
    on certificates.certificate_key = events.certificate_key
where events.endpoint_key = endpoint.endpoint_key
    or events.resource_id in ({resource_ids})
    or (events.endpoint_key is null and certificates.certificate_key is not null)
order by
    events.occurred_at nulls last,
    events.event_id
"""
_TOLD = """
select
    try_cast(column0 as timestamp) as occurred_at,
    column1 as action,
    column2 as status,
    column3 as actor,
    column4 as resource_type,
    column5 as description,
    column6 as event_id
from (values {rows}) as told (column0, column1, column2, column3, column4, column5, column6)
where column6 is not null
order by
    occurred_at nulls last,
    event_id
"""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint of the published history, removed ones too; `resource_ids` name it or its certificates in events."""

    account: str
    endpoint_key: str
    resource_ids: tuple[str, ...]


def find_endpoint(database: Path, name: str) -> Endpoint:
    """The endpoint with this key, or with this id where it is unique; else a UsageError that says which there are."""
    with open_read_only(database) as warehouse:
        found = [Endpoint(row[0], row[1], tuple(row[2])) for row in warehouse.rows(_FOUND, [name])]
        exact = [one for one in found if one.endpoint_key == name]
        if len(exact or found) == 1:
            return (exact or found)[0]
        if found:
            choice = ", ".join(one.endpoint_key for one in found)
            msg = f"{len(found)} endpoints have the id {name!r}; give the key of one: {choice}."
            raise UsageError(msg)
        near = [row[0] for row in warehouse.rows(_NEAREST, [name, name])]
    hint = f"did you mean {near[0]}?" if near else '`tlm query "select endpoint_key from core.endpoints"` lists them.'
    msg = f"No endpoint has the key or the id {name!r}; {hint}"
    raise UsageError(msg)


def print_trail(database: Path, endpoint: Endpoint, form: str) -> None:
    """Print what the published file has of the endpoint on stdout, as a table or as csv."""
    sql = _EVENTS.format(
        account=literal(endpoint.account), key=literal(endpoint.endpoint_key), resource_ids=_list(endpoint.resource_ids)
    )
    run_query(database, sql, form=form)
    with open_read_only(database) as warehouse:
        if warehouse.rows(f"select count(*) from ({sql})") == [(0,)]:  # noqa: S608 -- the statement above
            logger.warning("No audit event of %s has been published; --live asks the API.", endpoint.endpoint_key)


def print_events(database: Path, events: Sequence[Sequence[str | None]], form: str) -> None:
    """Print events that the API told, in the same form; each has the seven columns as text, the time in UTC."""
    if not events:
        logger.warning("The API has no audit event of this endpoint and its certificate that this key may see.")
    rows = ", ".join("(" + ", ".join(map(_value, event)) + ")" for event in (*events, (None,) * 7))
    run_query(database, _TOLD.format(rows=rows), form=form)


def _list(texts: Iterable[str]) -> str:
    return ", ".join(map(literal, texts)) or "null"


def _value(text: str | None) -> str:
    return "cast(null as varchar)" if text is None else literal(text)
