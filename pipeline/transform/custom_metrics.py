"""The user's own metrics: rows of a model of kind metrics, added to mart.metrics under names of their own.

    -- Endpoints that carry the tag of a cost centre.
    -- grain: the value of one business unit, and of all
    -- kind: metrics
    select
        ...
        count(*) filter (where ...) as numerator, -- endpoints with a cost centre
        count(*) as denominator -- all endpoints

`models/tagged.sql` is the metric `custom.tagged`. Its columns are among those of `COLUMNS`; only `numerator` must be
there. Values are computed as ours: a share where there is a denominator, a count where there is none.
"""

from __future__ import annotations

import hashlib

from pipeline.errors import BuildFailed
from pipeline.transform.checks import Check
from pipeline.transform.model import Model
from pipeline.warehouse.duck import Warehouse, literal

COLUMNS = ("metric", "scope", "account", "business_unit", "dimension", "member", "numerator", "denominator")
_WHOLE = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
_OF_CUSTOM = "starts_with(metric, 'custom.')"


def metric_checks(warehouse: Warehouse, model: Model) -> list[Check]:
    """What must hold of the rows of a metrics model that is built; BuildFailed when its columns are not a metric's."""
    types = dict(warehouse.columns(f"select * from {model.name}"))
    problem = _problem(model, types)
    if problem:
        msg = f"{model.source.place()}: {problem}."
        raise BuildFailed(msg)
    rows = _rows(model, types)
    name = literal(model.name)
    below = literal(f"{model.name}.")
    conditions = {
        f"metric is {model.name} or begins with {model.name}.": f"metric = {name} or starts_with(metric, {below})",
        "scope is all, account or business_unit, and names them": (
            "scope in ('all', 'account', 'business_unit') and (account is null) = (scope = 'all')"
            " and (business_unit is not null) = (scope = 'business_unit')"
        ),
        "account has endpoints here": "account is null or account in (select account from meta.build_accounts)",
        "dimension and member stand together": "(dimension is null) = (member is null)",
        "numbers have 63 bits": " and ".join(f"coalesce({count}, 0) <= 9223372036854775807" for count in COLUMNS[6:]),
        "0 <= numerator <= denominator": (
            "numerator >= 0 and numerator <= denominator" if "denominator" in types else "numerator >= 0"
        ),
    }
    keys = ", ".join(COLUMNS[:6])
    place = model.source.place()
    double = f"select {keys}, count(*) as row_count from ({rows}) group by {keys} having count(*) > 1"
    return [
        *(
            Check(says, model.name, "stop", f"select * from ({rows}) where not coalesce({condition}, false)", place)
            for says, condition in conditions.items()
        ),
        Check("one row of a metric and member in a scope", model.name, "stop", double, place),
    ]


def _problem(model: Model, types: dict[str, str]) -> str | None:
    strange = [column for column in types if column not in COLUMNS]
    if strange:
        return f"a metric has no column {strange[0]!r}; its columns are {', '.join(COLUMNS)}"
    if "numerator" not in types:
        return "a metric needs a column numerator; select one"
    for column in ("numerator", "denominator"):
        if column in types and types[column] not in _WHOLE:
            return f"{column} is {types[column]}, a metric counts in whole numbers; cast it to bigint"
        if column in types and column not in model.comments:
            return f"say in a comment at {column} what it counts: the report prints it"
    if not model.source.sentences:
        return "a metric needs a sentence above its header: the report prints it"
    return None


def _rows(model: Model, columns: dict[str, str]) -> str:
    """The SELECT of all columns of a metric; what the model leaves out follows from the rest."""
    given = {
        "metric": literal(model.name),
        "scope": _scope(columns),
        "dimension": "null",
        "member": "null",
        "account": "null",
        "business_unit": "null",
    }
    shown = [
        f"cast({column if column in columns else absent} as varchar) as {column}"
        for column, absent in ((name, given[name]) for name in COLUMNS[:6])
    ]
    counts = [column if column in columns else f"cast(null as bigint) as {column}" for column in COLUMNS[6:]]
    return f"select {', '.join((*shown, *counts))} from {model.name}"


def _scope(columns: dict[str, str]) -> str:
    """By what a row names: a unit, an account, or neither."""
    unit = "when business_unit is not null then 'business_unit'" if "business_unit" in columns else ""
    account = "when account is not null then 'account'" if "account" in columns else ""
    return f"case {unit} {account} else 'all' end" if unit or account else "'all'"


def forget_custom_metrics(warehouse: Warehouse, run_id: str) -> None:
    """Take the user's metrics of a run out of mart.metrics, and all of them out of the catalogue."""
    warehouse.execute(f"delete from mart.metrics where run_id = ? and {_OF_CUSTOM}", [run_id])
    warehouse.execute(f"delete from rules.metrics where {_OF_CUSTOM}")


def add_custom_metrics(warehouse: Warehouse, model: Model) -> None:
    """Add the rows of a checked metrics model to mart.metrics, for the current run, and its words to rules.metrics.

    definitions_version is the beginning of the SHA-256 of the model's SELECT: another SELECT gives another version.
    """
    columns = dict(warehouse.columns(f"select * from {model.name}"))
    rows = _rows(model, columns)
    unit = "share" if "denominator" in columns else "count"
    version = hashlib.sha256(model.source.sql.encode()).hexdigest()[:12]
    warehouse.execute(
        f"""
insert into mart.metrics by name
select
    run.as_of_at, run.run_id, fresh.*,
    case
        when fresh.denominator is not null then fresh.numerator / nullif(cast(fresh.denominator as double), 0)
        else cast(fresh.numerator as double)
    end as value,
    {literal(unit)} as unit,
    {literal(version)} as definitions_version
from ({rows}) as fresh
cross join meta.current_run as run
order by metric, scope, account, business_unit, dimension, member
"""
    )
    comments = model.comments
    denominator = literal(comments["denominator"]) if "denominator" in columns else "null"
    warehouse.execute(
        f"""
insert into rules.metrics by name
select
    metric, 'custom' as area, {literal(unit)} as unit, max(dimension) as dimension,
    {literal(model.source.sentences)} as sentence, {literal(comments["numerator"])} as numerator,
    {denominator} as denominator
from ({rows})
group by metric
order by metric
"""
    )
