"""The rows of a job CSV in its two dialects: `job` is byte-exact and comes back in a plan, `people` is for reading.

The rows are an action's view (which endpoints may take the action, which of them its default selection has, and why)
joined with what every job CSV says of an endpoint. A user's `--where` replaces the selection and never the view.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import EngineRefused, UsageError
from pipeline.export.actions import Action
from pipeline.export.query import JOB_DIALECT
from pipeline.tabular import write_people_csv
from pipeline.warehouse.duck import Warehouse, identifier, literal

SCHEMA_VERSION = "1"
IDENTITY = ("schema_version", "action", "account", "endpoint_key", "certificate_key", "run_id")
FOR_PEOPLE_TO_FILL = ("profile_id", "tags", "target_business_unit_id")

_OF_EVERY_ROW = "export.job_rows"
_UNKNOWN_COLUMN = re.compile(r'Referenced column "([^"]*)" not found')


def write_job_csv(warehouse: Warehouse, action: Action, where: str | None, path: Path) -> int:
    """Write the job dialect to `path` (in a folder that the warehouse may write to); the number of rows."""
    select = _select(warehouse, action, where, with_checksum=True)
    with _blaming(warehouse, where):
        return _copy(warehouse, select, path, JOB_DIALECT)


def write_people_table(warehouse: Warehouse, action: Action, where: str | None, path: Path) -> int:
    """Write the dialect for people to `path`, without the checksum; the number of rows.

    The rows pass through a file beside it, so that no list of them is ever held.
    """
    select = _select(warehouse, action, where, with_checksum=False)
    between = path.with_suffix(".parquet")
    with _blaming(warehouse, where):
        count = _copy(warehouse, select, between, "format parquet, use_tmp_file false")
    write_people_csv(between, path)
    return count


def _copy(warehouse: Warehouse, select: str, path: Path, options: str) -> int:
    return int(warehouse.rows(f"copy (\n{select}\n) to {literal(str(path))} ({options})")[0][0])


def count_left_out(warehouse: Warehouse, action: Action, where: str) -> int:
    """How many endpoints `where` chooses that may not take the action."""
    with _blaming(warehouse, where):
        return int(
            warehouse.rows(
                f"{_chosen(where)} select count(*) from chosen anti join {action.view} as eligible using (endpoint_key)"  # noqa: S608 -- the user's own SQL on a locked connection
            )[0][0]
        )


def check_where(warehouse: Warehouse, where: str) -> None:
    """Refuse, with a UsageError, a `where` that is not one expression over the columns of core.endpoints."""
    found = _frame(warehouse, where)
    # `true) union all select ...` is accepted by the engine too: around the expression nothing may have changed.
    if found is not None and found != _frame(warehouse, "true"):
        msg = f"--where must be one expression over the columns of core.endpoints; {where!r} closes it and goes on."
        raise UsageError(msg)
    with _blaming(warehouse, where):
        warehouse.columns(_endpoints_where(where))


def _select(warehouse: Warehouse, action: Action, where: str | None, *, with_checksum: bool) -> str:
    """The SELECT of the whole file, most urgent rows first."""
    shown = [name for name, _ in warehouse.columns(f"from {_OF_EVERY_ROW}") if name not in IDENTITY]
    own = [name for name, _ in warehouse.columns(f"from {action.view}") if name not in {"endpoint_key", "is_selected"}]
    version, name = literal(SCHEMA_VERSION), literal(action.name)
    identity = [version, name, *(f"job_rows.{column}" for column in IDENTITY[2:])]
    columns = [f"{value} as {column}" for value, column in zip(identity, IDENTITY, strict=True)]
    if with_checksum:
        columns.append(f"export.job_checksum({', '.join(identity)}) as checksum")
    columns += [f"cast(null as varchar) as {column}" for column in FOR_PEOPLE_TO_FILL]
    columns += [f"job_rows.{identifier(column)}" for column in shown]
    columns += [f"eligible.{identifier(column)}" for column in own]
    selection = "where eligible.is_selected" if where is None else "semi join chosen using (endpoint_key)"
    return f"""{"" if where is None else _chosen(where)}
select
    {", ".join(columns)}
from {_OF_EVERY_ROW} as job_rows
inner join {action.view} as eligible using (endpoint_key)
{selection}
order by job_rows.days_left nulls last, job_rows.endpoint_key"""  # noqa: S608 -- names of our own views; `where` runs on a locked connection


def _endpoints_where(where: str) -> str:
    return f"select endpoint_key from core.endpoints where (\n{where}\n)"  # noqa: S608 -- the user's own SQL on a locked connection


def _chosen(where: str) -> str:
    """A CTE, so that `where` sees the columns of core.endpoints and no others."""
    return f"with chosen as materialized (\n{_endpoints_where(where)}\n)"


def _frame(warehouse: Warehouse, where: str) -> object:
    """What the engine's parser makes of the statement around `where`; None where it makes nothing of it."""
    tree = json.loads(warehouse.rows("select json_serialize_sql(?)", [_endpoints_where(where)])[0][0])
    if tree["error"]:
        return None
    statements = tree["statements"]
    statements[0]["node"].pop("where_clause", None)
    return statements


@contextmanager
def _blaming(warehouse: Warehouse, where: str | None) -> Iterator[None]:
    """With a `where`, what the engine refuses is the user's to mend: a UsageError that says what."""
    try:
        yield
    except EngineRefused as error:
        if where is None:
            raise
        raise UsageError(_sentence(warehouse, where, str(error))) from None


def _sentence(warehouse: Warehouse, where: str, reason: str) -> str:
    unknown = _UNKNOWN_COLUMN.search(reason)
    if unknown is None:
        return f"--where {where!r} is not understood: {reason}; write an expression over the columns of core.endpoints."
    names = [name for name, _ in warehouse.columns("from core.endpoints")]
    near = difflib.get_close_matches(unknown[1], names, n=1)
    hint = f'did you mean "{near[0]}"?' if near else '`tlm query "describe core.endpoints"` lists them.'
    return f'--where names the column "{unknown[1]}", which core.endpoints does not have; {hint}'
