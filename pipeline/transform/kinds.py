"""What becomes of a SELECT: a view, a table, rows appended, or versions over time.

    view      create or replace view
    table     create or replace table; an ORDER BY of the SELECT is the order on disk
    append    rows whose key is not there yet are added (the key need not be unique: `run_id` adds a run once)
    versions  the SELECT is the state of this run by key; a change closes the version and opens the next
    macro     create or replace macro ... as table: the file takes parameters

Versions: the table has the SELECT's columns and `from_run_id`, `to_run_id` (exclusive; null = current), `is_removed`
(a key that vanished gets a tombstone version with its last attributes). Both sides are hashed within one build and
no hash is stored, so hash() may differ between versions of the engine. Running the same run again gives the same table.

A kept table outlives its model: a column that the model gains is added to it, null in the rows of before; one that the
model loses stays, null in the rows from then on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from pipeline.errors import BuildFailed, EngineRefused
from pipeline.transform.model import Kind, Model
from pipeline.warehouse.duck import Warehouse, identifier, literal

_NEXT_STEPS = {"Conversion Error": "write try_cast where a value may be no such thing, or mend the value"}
_VERSION_COLUMNS = (("from_run_id", "VARCHAR"), ("to_run_id", "VARCHAR"), ("is_removed", "BOOLEAN"))


def build_model(
    warehouse: Warehouse,
    model: Model,
    run_id: str,
    existing: Mapping[str, str],
    known: dict[str, dict[str, str]] | None = None,
) -> None:
    """Build one model for `run_id`; `existing` is 'table' or 'view' by name of what the file holds already.

    `known` are the columns of kept models that this warehouse has built of the same files before: they need not be
    looked at again. BuildFailed names file and line where the engine refuses the SELECT.
    """
    if model.kind is Kind.MACRO:
        send(warehouse, model, f"create or replace macro {model.name}{model.parameters} as table", "")
        return
    wanted = "view" if model.kind is Kind.VIEW else "table"
    before = existing.get(model.name, wanted)
    if before != wanted:
        warehouse.execute(f"drop {before} {model.name}")
    match model.kind:
        case Kind.VIEW | Kind.TABLE | Kind.METRICS:
            send(warehouse, model, f"create or replace {wanted} {model.name} as", "")
        case Kind.APPEND | Kind.VERSIONS:
            extra = _VERSION_COLUMNS if model.kind is Kind.VERSIONS else ()
            is_new = model.name not in existing
            selected = None if known is None or is_new else known.get(model.name)
            if selected is None:
                selected = _prepare(warehouse, model, extra, is_new=is_new)
            if known is not None:
                known[model.name] = selected
            keep = _append if model.kind is Kind.APPEND else _versions
            keep(warehouse, model, selected, run_id)


def send(warehouse: Warehouse, model: Model, before: str, after: str) -> list[tuple[object, ...]]:
    """Run `before`, the model's SELECT and `after` as one statement; a refusal names the line of the model's file."""
    try:
        return warehouse.rows(f"{before}\n{model.source.sql}\n{after}")
    except EngineRefused as error:
        line = None if error.line is None else model.source.first_line + error.line - 2 - before.count("\n")
        last = model.source.first_line + model.source.sql.count("\n")
        inside = line is not None and model.source.first_line <= line <= last
        next_step = _NEXT_STEPS.get(str(error).partition(":")[0], "mend the SELECT there")
        msg = f"{model.source.place(line if inside else None)}: {error}; {next_step}."
        raise BuildFailed(msg) from None


def _append(warehouse: Warehouse, model: Model, names: Mapping[str, str], _: str) -> None:
    same = " and ".join(f"kept.{column} is not distinct from fresh.{column}" for column in _key(model, names))
    send(
        warehouse,
        model,
        f"insert into {model.name} by name select fresh.* from (",
        f") as fresh where not exists (select 1 from {model.name} as kept where {same})",
    )


def _versions(warehouse: Warehouse, model: Model, selected: Mapping[str, str], run_id: str) -> None:
    key = _key(model, selected)[0]
    columns = ", ".join(identifier(column) for column in selected)
    run = literal(run_id)
    insert = f"insert into {model.name} ({columns}, from_run_id, to_run_id, is_removed)"
    fresh = f" select *, {run}, null, false from (select {columns} from ("
    with warehouse.in_order(), warehouse.transaction():  # the same file whatever the number of threads
        warehouse.execute(f"delete from {model.name} where from_run_id = ?", [run_id])
        warehouse.execute(f"update {model.name} set to_run_id = null where to_run_id = ?", [run_id])
        if not warehouse.rows(f"select 1 from {model.name} limit 1"):
            send(warehouse, model, insert + fresh, "))")
            before, after = _doubles(key)
            _refuse_doubles(model, warehouse.rows(f"{before}select {key} from {model.name}{after}"))
            return
        _find_moved(warehouse, model, key, selected)
        _require_one_row_a_key(warehouse, model, key)
        warehouse.execute(
            f"update {model.name} as kept set to_run_id = ? from temp.main.moved as moved"
            f" where kept.to_run_id is null and kept.{key} = moved.{key}",
            [run_id],
        )
        send(
            warehouse,
            model,
            insert + fresh,
            f")) as fresh where fresh.{key} in (select {key} from temp.main.moved where not is_removed)"
            f" union all select {columns}, {run}, null, true from {model.name} as kept where kept.to_run_id = {run}"
            f" and kept.{key} in (select {key} from temp.main.moved where is_removed)",
        )
        warehouse.execute("drop table temp.main.fresh; drop table temp.main.moved")


def _find_moved(warehouse: Warehouse, model: Model, key: str, selected: Mapping[str, str]) -> None:
    """Make temp.main.moved, the keys that are new, changed, vanished or back, from the SELECT's keys and hashes.

    Only keys and hashes are kept and joined, which is what makes it fast.
    """
    # hash() takes null, [] and [null] for the same, their JSON texts are not.
    hashed = ", ".join(
        f"to_json({identifier(column)})" if sql_type.endswith("]") or "(" in sql_type else identifier(column)
        for column, sql_type in selected.items()
    )
    # What an incomplete snapshot lacks was perhaps only not read.
    incomplete = "select account from meta.build_accounts where not is_complete"
    is_unseen = f"account in ({incomplete})" if "account" in selected else "false"
    fresh = f"create or replace temp table fresh as select {key}, hash({hashed}) as content from ("
    send(warehouse, model, fresh, ")")
    warehouse.execute(f"""
create or replace temp table moved as with kept as (
    select {key}, is_removed or {is_unseen} as is_not_missed, is_removed, hash({hashed}) as content
    from {model.name} where to_run_id is null
)
select coalesce(fresh.{key}, kept.{key}) as {key}, fresh.{key} is null as is_removed
from temp.main.fresh as fresh full outer join kept on fresh.{key} = kept.{key}
where kept.{key} is null
    or (fresh.{key} is null and not kept.is_not_missed)
    or (fresh.{key} is not null and (kept.is_removed or fresh.content <> kept.content))
""")


def _require_one_row_a_key(warehouse: Warehouse, model: Model, key: str) -> None:
    """Two rows of one key, or a null key, would corrupt the history; BuildFailed shows some.

    Cheap in the usual case: equal keys have equal hashes, and numbers are counted faster than texts.
    """
    doubt = f"select count(*) - count(distinct hash({key})) + count(*) - count({key}) from temp.main.fresh"
    if warehouse.rows(doubt)[0][0]:
        before, after = _doubles(key)
        _refuse_doubles(model, warehouse.rows(f"{before}select {key} from temp.main.fresh{after}"))


def _doubles(key: str) -> tuple[str, str]:
    """Around a SELECT: up to three keys that are null or not unique."""
    return f"select {key} from (", f") group by {key} having count(*) > 1 or {key} is null order by {key} limit 3"


def _refuse_doubles(model: Model, doubles: Sequence[tuple[object, ...]]) -> None:
    """BuildFailed shows the keys that are null or not unique, if there are any."""
    if doubles:
        shown = ", ".join("null" if value is None else str(value) for (value,) in doubles)
        msg = f"{model.source.place()}: the key ({model.key[0]}) is null or not unique in {model.name}: {shown}."
        raise BuildFailed(msg)


def _prepare(warehouse: Warehouse, model: Model, extra: tuple[tuple[str, str], ...], *, is_new: bool) -> dict[str, str]:
    """Make the kept table when it is new, else add the columns that it lacks; SQL type by name of the SELECT's columns.

    The rows of an earlier version of the model stay: what it did not know is null in them, and a column that the model
    no longer gives is null from now on. BuildFailed when a column has another type, or the rows are of another kind.
    """
    selected = {str(row[0]): str(row[1]) for row in send(warehouse, model, "describe", "")}
    taken = selected.keys() & dict(extra).keys()
    if taken:
        msg = f"{model.source.place()}: the column {min(taken)!r} is the runner's; rename yours."
        raise BuildFailed(msg)
    if is_new:
        # By name and type: `as select ... limit 0` would plan the SELECT a second time.
        columns = ", ".join(f"{identifier(name)} {sql_type}" for name, sql_type in (*selected.items(), *extra))
        warehouse.execute(f"create table {model.name} ({columns})")
        return selected
    kept = dict(warehouse.columns(f"select * from {model.name}"))
    wanted = {**selected, **dict(extra)}
    must = dict(extra) if extra else {column: selected[column] for column in model.key if column in selected}
    wrong = [name for name in wanted if kept.get(name, wanted[name]) != wanted[name]]
    wrong += [name for name in must if name not in kept]
    if wrong:
        msg = (
            f"{model.source.place()}: the kept rows of {model.name} do not fit the model any more ({', '.join(wrong)}"
            f" differ); run `tlm rebuild`, which makes them anew from the pages that are retained."
        )
        raise BuildFailed(msg)
    for name, sql_type in wanted.items():
        if name not in kept:
            warehouse.execute(f"alter table {model.name} add column {identifier(name)} {sql_type}")
    return selected


def _key(model: Model, names: Collection[str]) -> list[str]:
    """The key's columns, quoted; BuildFailed when the SELECT does not give one of them."""
    missing = [column for column in model.key if column not in names]
    if missing:
        line = next(entry.line for entry in model.source.header if entry.key == "key")
        msg = f"{model.source.place(line)}: the key column {missing[0]!r} is not in the SELECT; select it."
        raise BuildFailed(msg)
    return [identifier(column) for column in model.key]
