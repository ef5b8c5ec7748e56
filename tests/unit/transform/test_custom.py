"""The user's own models: what they may do, what is refused with file and line, and what they cannot break."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipeline.errors import BuildFailed, CheckFailed, EngineRefused
from pipeline.jobs.custom import add_custom_models
from pipeline.load.meta import create_meta
from pipeline.transform.checks import Outcome
from pipeline.transform.custom import refuse_wrong_models
from pipeline.transform.run import build_models, read_project
from pipeline.warehouse.publish import Build, discard, open_build, publish, work_apart

OURS = {
    "core/endpoints": "-- kind: table\nselect 'e1' as endpoint_key, 'Retail' as unit union all select 'e2', 'Bank' union all select 'e3', null",
    "rules/metrics": """-- kind: table
select 'inventory.endpoints' as metric, 'inventory' as area, 'count' as unit, cast(null as varchar) as dimension,
    'All.' as sentence, 'endpoints' as numerator, cast(null as varchar) as denominator""",
    "mart/metrics": """-- kind: append
-- key: run_id
select as_of_at, run_id, 'inventory.endpoints' as metric, 'all' as scope, cast(null as varchar) as account,
    cast(null as varchar) as business_unit, cast(null as varchar) as dimension, cast(null as varchar) as member,
    cast(3 as bigint) as numerator, cast(null as bigint) as denominator, cast(3 as double) as value, 'count' as unit,
    '1' as definitions_version
from meta.current_run""",
    "core/named": "-- kind: macro\n-- macro: core.named(wanted)\nselect endpoint_key from tlm.core.endpoints where unit = wanted",
    "report/all": "-- kind: view\nselect endpoint_key from core.endpoints",
}
HEAD = "-- Mine.\n-- grain: one thing\n"


class Folder:
    """A published file with a few tables of ours, and the user's folder beside it; `build` is one whole build."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.published = home / "data" / "tlm.duckdb"
        for name, sql in OURS.items():
            path = home / "sql" / f"{name}.sql"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(HEAD + sql, encoding="utf-8")
        macro = home / "sql" / "macros" / "next.sql"
        macro.parent.mkdir()
        macro.write_text("-- macro: core.next(x)\nx + 1\n", encoding="utf-8")

    def model(self, name: str, sql: str, header: str = "-- kind: table\n") -> None:
        """Put a model into models/; its statement begins on line 4 unless the header is longer."""
        path = self.home / "models" / f"{name}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HEAD + header + sql, encoding="utf-8")

    def remove(self, name: str) -> None:
        """Take a model away."""
        (self.home / "models" / f"{name}.sql").unlink()

    def build(self, run: str = "run-1", from_nothing: tuple[str, ...] = ()) -> tuple[Outcome, ...]:
        """Everything of ours, then the user's, then publish; what fails is thrown away. The warnings of the user's.

        `from_nothing`: not on a copy of the published file, and these runs are known.
        """
        build = open_build(self.home / "new.duckdb" if from_nothing else self.published)
        build.published = self.published
        try:
            if from_nothing:
                create_meta(build.warehouse)
            for known in from_nothing:
                build.warehouse.execute("insert into meta.runs (run_id) values (?)", [known])
            create_meta(build.warehouse)
            build.warehouse.execute("delete from meta.current_run")
            build.warehouse.execute("delete from meta.build_accounts")
            build.warehouse.execute("insert into meta.build_accounts (account) values ('prod')")
            build.warehouse.execute(
                "insert into meta.current_run by name select ? as run_id, timestamp '2026-11-23' as as_of_at", [run]
            )
            if build.warehouse.rows(
                "select 1 from duckdb_tables() where table_name = 'metrics' and schema_name = 'mart'"
            ):
                build.warehouse.execute("delete from mart.metrics where run_id = ?", [run])
            build.warehouse.limit_memory(0)
            build_models(read_project(build.warehouse, self.home / "sql"), everything=True, as_run=run)
            warnings = add_custom_models(build, self.home)
            publish(build)
        except BaseException:
            discard(build)
            raise
        return warnings

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """Rows of the published file."""
        build = self.opened()
        try:
            return build.warehouse.rows(sql)
        finally:
            discard(build)

    def opened(self) -> Build:
        """A copy of the published file, open."""
        return open_build(self.published)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    """The folder; at the end nothing half-built is left in it."""
    made = Folder(tmp_path)
    yield made
    assert [path.name for path in made.published.parent.glob("*building*")] == []


def test_models_read_ours_macros_and_each_other(folder: Folder) -> None:
    """`models/a.sql` is custom.a, built after what it reads, with comments, in the lineage and with its checks."""
    folder.model(
        "a", "select\n    core.next(n) as m -- one more\nfrom custom.z", "-- kind: table\n-- check: unique(m)\n"
    )
    folder.model("z", "select count(*) as n from report.all")
    folder.model("y", "select endpoint_key from core.named('Bank')")
    folder.build()
    assert folder.rows("from custom.y") == [("e2",)]
    assert [path.name for path in folder.published.parent.iterdir()] == ["tlm.duckdb"]
    assert folder.rows("from custom.a") == [(4,)]
    assert folder.rows("select comment from duckdb_columns() where table_name = 'a' and schema_name = 'custom'") == [
        ("one more",)
    ]
    assert folder.rows("select comment from duckdb_columns() where table_name = 'z' and schema_name = 'custom'") == [
        ("custom.z: not described in models/z.sql",)
    ]
    assert folder.rows("select * from meta.models where starts_with(model, 'custom.') order by model") == [
        ("custom.a", "table", "one thing", ["custom.z"], ["core.next"], "models/a.sql"),
        ("custom.y", "table", "one thing", [], ["core.named"], "models/y.sql"),
        ("custom.z", "table", "one thing", ["report.all"], [], "models/z.sql"),
    ]
    assert folder.rows("select check_name, status from meta.checks where model = 'custom.a'") == [
        ("unique(m)", "passed")
    ]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a", "select 1 as n;\nselect 2 as n", "models/a.sql line 4: this is not one SELECT (there are 2 statements)"),
        (
            "a",
            "with x as (delete from core.endpoints returning *)\nselect endpoint_key from x",
            "models/a.sql line 4: a DELETE",
        ),
        ("a", "with x as (insert into core.endpoints select 'x', 'y' returning *) select 1 as n from x", "an INSERT"),
        ("a", "drop table core.endpoints", "this is not one SELECT"),
        ("a", "attach 'other.db'", "this is not one SELECT"),
        ("a", "select 1 as n\nfrom read_csv('/etc/passwd')", "models/a.sql line 5: the table function read_csv()"),
        ("a", "select 1 as n from core.read_csv('/etc/passwd')", "there is no macro core.read_csv"),
        ("a", "select 1 as n from main.read_csv('/etc/passwd')", "the table function read_csv()"),
        ("a", "select 1 as n from '/etc/passwd'", "the table '/etc/passwd'"),
        ("a", "select n from query('select 1 as n')", "the table function query()"),
        ("a", "summarize core.endpoints", "SUMMARIZE, DESCRIBE or SHOW is not allowed"),
        ("a", "select now() as n", "now is not allowed"),
        ("a", "select 1 as n\nfrom custom.bee", "models/a.sql line 5: there is no table or model custom.bee"),
        ("a", "select 1 as n from endpoints", "the table 'endpoints'"),
        ("a", "select 1 as n from tlm.core.endpoints", "the table 'tlm.core.endpoints'"),
        ("a", "select n from custom.a", "custom.a reads custom.a (models/a.sql line 4)"),
        ("a", "select nothing from core.endpoints", "; mend the SELECT there."),
        ("a", "select 1 as n, 2 as n2\nfrom core.endpoints\nwhere endpoint_key = 1 + 'x'", "models/a.sql line 6"),
        (
            "a",
            "select cast(endpoint_key as integer) as n from core.endpoints",
            "column endpoint_key; write try_cast where a value may be no such thing, or mend the value.",
        ),
        ("Big", "select 1 as n", "models/Big.sql line 1: the name 'custom.Big' is not lower case"),
        ("core.endpoints", "select 1 as n", "models/core.endpoints.sql line 1: the name"),
        ("core/endpoints", "select 1 as n", "models of your own stand directly in models/"),
    ],
)
def test_what_a_model_may_not_do_is_one_sentence_with_file_and_line(
    name: str, text: str, says: str, folder: Folder
) -> None:
    """The published file stays byte for byte, and nothing is left beside it."""
    folder.build()
    before = folder.published.read_bytes()
    folder.model(name, text)
    with pytest.raises(BuildFailed) as caught:
        folder.build("run-2")
    assert says in str(caught.value)
    assert folder.published.read_bytes() == before


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("-- kind: view\n", "models/a.sql line 3: unknown kind 'view'; use table, append, metrics"),
        ("-- kind: versions\n-- key: n\n", "unknown kind 'versions'"),
        ("-- kind: append\n", "says by which key"),
        ("-- kind: table\n-- severity: stop\n", "models/a.sql line 4: unknown header key 'severity'"),
        ("-- kind: table\n-- check: uniq(n)\n", "models/a.sql line 4: unknown check 'uniq(n)'"),
        ("-- kind: table\n-- check: unique(m)\n", "names 'm', which is no column of custom.a"),
        ("-- kind: table\n-- check: holds(n in (select 1 from read_csv('/etc/passwd')))\n", "is not accepted"),
    ],
)
def test_a_wrong_header_is_named(header: str, says: str, folder: Folder) -> None:
    """The same words as for ours."""
    folder.model("a", "select 1 as n", header)
    with pytest.raises(BuildFailed) as caught:
        folder.build()
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("header", "text", "says"),
    [
        (
            "-- kind: table\n",
            "select 1 as n;\nselect 2 as n",
            "line 4: this is not one SELECT (there are 2 statements)",
        ),
        ("-- kind: table\n", "select 1 as n from read_csv('x')", "line 4: the table function read_csv()"),
        ("-- kind: table\n", "select 1 as n\nfrom custom.bee", "line 5: there is no table or model custom.bee"),
        ("-- kind: table\n", "select core.nxt(1) as n", "line 4: there is no macro core.nxt"),
        ("-- kind: table\n", "select n from custom.a", "custom.a reads custom.a"),
        ("-- kind: view\n", "select 1 as n", "line 3: unknown kind 'view'"),
        ("-- kind: table\n-- check: uniq(n)\n", "select 1 as n", "line 4: unknown check 'uniq(n)'"),
    ],
)
def test_a_mistake_is_found_before_anything_is_built(header: str, text: str, says: str, folder: Folder) -> None:
    """In a file that has no table of ours yet, from the files alone."""
    folder.model("a", text, header)
    assert says in str(refusal(folder))


def test_what_is_there_only_when_it_is_built_is_no_mistake_before(folder: Folder) -> None:
    """Tables of ours, the raw ones of resources, given ones, macros, a column that nobody can know yet."""
    folder.model("a", "select core.next(nothing) as n from core.endpoints cross join meta.current_run")
    folder.model("b", "select n from custom.a cross join raw.endpoints_automatable cross join rules.policy")
    folder.model("c", "select endpoint_key from core.named('Bank')")
    assert refusal(folder) is None


def refusal(folder: Folder) -> BuildFailed | None:
    """What is said of the models in a new file."""
    build = open_build(folder.home / "new.duckdb")
    try:
        refuse_wrong_models(build.warehouse, folder.home / "models", folder.home / "sql")
    except BuildFailed as error:
        return error
    finally:
        discard(build)
    return None


def test_a_circle_is_named(folder: Folder) -> None:
    """Both places are told."""
    folder.model("a", "select n from custom.b")
    folder.model("b", "select n from custom.a")
    with pytest.raises(
        BuildFailed, match=r"custom\.a reads custom\.b \(models/a\.sql line 4\); custom\.b reads custom\.a"
    ):
        folder.build()


def test_a_check_stops_or_warns(folder: Folder) -> None:
    """Like ours: three rows, nothing published; a warning is told and kept."""
    folder.model(
        "a", "select endpoint_key from core.endpoints", "-- kind: table\n-- check: warn holds(endpoint_key > 'e2')\n"
    )
    (warning,) = folder.build()
    assert warning.sentence.startswith("custom.a: holds(endpoint_key > 'e2') found 2 rows (models/a.sql line 4)")
    folder.model(
        "a", "select endpoint_key from core.endpoints", "-- kind: table\n-- check: holds(endpoint_key > 'e2')\n"
    )
    with pytest.raises(CheckFailed, match=r"custom\.a: holds\(endpoint_key > 'e2'\) found 2 rows"):
        folder.build("run-2")
    assert folder.rows("select distinct run_id from mart.metrics") == [("run-1",)]


def test_a_model_without_its_file_is_gone_and_a_kept_one_stays(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    """What an append model has kept cannot be built again, so it is only warned of; as a table it goes."""
    folder.model("a", "select 1 as n")
    folder.model("seen", "select run_id, 3 as n from meta.current_run", "-- kind: append\n-- key: run_id\n")
    folder.build()
    folder.build("run-2")
    assert folder.rows("from custom.seen order by 1") == [("run-1", 3), ("run-2", 3)]
    folder.remove("a")
    folder.remove("seen")
    folder.build("run-3")
    folder.build("run-4")
    assert caplog.text.count("custom.seen has no file in models/ any more") == 2
    assert folder.rows("select table_name from duckdb_tables() where schema_name = 'custom'") == [("seen",)]
    folder.model("seen", "select 1 as n")
    folder.build("run-5")
    folder.remove("seen")
    folder.build("run-6")
    assert folder.rows("select table_name from duckdb_tables() where schema_name = 'custom'") == []


def test_a_build_from_nothing_keeps_what_no_build_can_make_again(folder: Folder) -> None:
    """Rows of append models and the metrics of earlier runs come from the published file, also of an earlier version."""
    folder.model("owned", COUNTED, METRIC)
    folder.model("seen", "select run_id, 3 as n from meta.current_run", "-- kind: append\n-- key: run_id\n")
    folder.build()
    folder.build("run-2")
    folder.build("run-3", from_nothing=("run-1", "run-3"))
    assert folder.rows("from custom.seen order by 1") == [("run-1", 3), ("run-2", 3), ("run-3", 3)]
    runs = folder.rows("select run_id from mart.metrics where metric = 'custom.owned' order by 1")
    assert runs == [("run-1",), ("run-3",)]
    folder.build("run-3", from_nothing=("run-1", "run-3"))
    assert folder.rows("select run_id from mart.metrics where metric = 'custom.owned' order by 1") == runs
    with duckdb.connect(str(folder.published)) as con:
        con.execute("alter table mart.metrics add column mood varchar")
        con.execute("alter table meta.models add column mood varchar")
    folder.build("run-3", from_nothing=("run-1", "run-3"))
    assert folder.rows("select run_id from mart.metrics where metric = 'custom.owned' order by 1") == runs
    assert folder.rows("from custom.seen order by 1") == [("run-1", 3), ("run-2", 3), ("run-3", 3)]


def test_what_was_kept_and_cannot_be_read_stops_a_build_from_nothing(folder: Folder) -> None:
    """Nobody could make it again: the sentence says where it is and what to do, and the file stays as it is."""
    folder.published.parent.mkdir(parents=True, exist_ok=True)
    folder.published.write_bytes(b"not a database")
    with pytest.raises(BuildFailed, match=r"What your own models kept cannot be read from .*tlm\.duckdb \(.*try again"):
        folder.build("run-4", from_nothing=("run-4",))
    assert folder.published.read_bytes() == b"not a database"


def test_other_columns_of_a_kept_model_are_refused(folder: Folder) -> None:
    """Its rows would fit no longer."""
    folder.model("seen", "select run_id, 3 as n from meta.current_run", "-- kind: append\n-- key: run_id\n")
    folder.build()
    folder.model("seen", "select run_id, 3 as m from meta.current_run", "-- kind: append\n-- key: run_id\n")
    with pytest.raises(
        BuildFailed, match=r"models/seen\.sql line 5: the kept rows of custom\.seen have other columns \(m, n differ\)"
    ):
        folder.build("run-2")


def test_a_model_that_needs_too_much_memory_is_named(folder: Folder) -> None:
    """A list of everything cannot spill; the old file stays."""
    folder.build()
    before = folder.published.read_bytes()
    folder.model(
        "hungry",
        "select list(repeat(a.endpoint_key, 9000) || n) as n from core.endpoints as a, unnest(range(20000)) as s(n)",
    )
    with pytest.raises(BuildFailed) as caught:
        folder.build("run-2")
    assert "models/hungry.sql line 4: custom.hungry needs more memory than a build has (343." in str(caught.value)
    assert "SET " not in str(caught.value)
    assert folder.published.read_bytes() == before


def test_a_name_of_ours_is_another_table_in_custom(folder: Folder) -> None:
    """`custom.endpoints` stands beside `core.endpoints`, also for who reads both; a key word is a name too.

    Files whose names begin with a dot, as editors leave them, are nobody's models.
    """
    (folder.home / "models").mkdir(exist_ok=True)
    (folder.home / "models" / ".#order.sql").symlink_to("nobody@nowhere")
    folder.model("endpoints", "select count(*) as n from core.endpoints")
    folder.model("order", "select sum(n) as n from custom.endpoints")
    folder.build()
    assert folder.rows("select n from custom.order union all select count(*) from core.endpoints") == [(3,), (3,)]


def test_results_of_before_are_not_read(folder: Folder) -> None:
    """A model that reads another gets this build's rows, whatever was published."""
    folder.model("a", "select run_id from meta.current_run")
    folder.model("b", "select run_id from custom.a")
    folder.build()
    folder.build("run-2")
    assert folder.rows("from custom.b") == [("run-2",)]


METRIC = "-- kind: metrics\n"
COUNTED = "select count(unit) as numerator, -- with a unit\n    count(*) as denominator -- all\nfrom core.endpoints"


def test_a_metric_joins_ours_and_is_kept_for_each_run(folder: Folder) -> None:
    """Value, unit and version are computed; a run that is built again has it once; ours stays as it is."""
    folder.model("owned", COUNTED, METRIC)
    folder.build()
    folder.build("run-2")
    folder.build("run-2")
    rows = folder.rows(
        "select run_id, metric, scope, numerator, denominator, value, unit from mart.metrics order by all"
    )
    assert rows == [
        ("run-1", "custom.owned", "all", 2, 3, 2 / 3, "share"),
        ("run-1", "inventory.endpoints", "all", 3, None, 3.0, "count"),
        ("run-2", "custom.owned", "all", 2, 3, 2 / 3, "share"),
        ("run-2", "inventory.endpoints", "all", 3, None, 3.0, "count"),
    ]
    assert folder.rows("select sentence, numerator, denominator from rules.metrics where metric = 'custom.owned'") == [
        ("Mine.", "with a unit", "all")
    ]
    versions = folder.rows("select distinct definitions_version from mart.metrics where metric = 'custom.owned'")
    folder.model("owned", COUNTED + " where unit <> 'Bank'", METRIC)
    folder.build("run-3")
    assert len(versions) == 1
    assert (
        folder.rows("select definitions_version from mart.metrics where metric = 'custom.owned' and run_id = 'run-3'")
        != versions
    )


def test_a_metric_does_not_count_itself_when_its_run_is_built_again(folder: Folder) -> None:
    """What the build before wrote of this run is gone when the models read."""
    folder.model("rows", "select count(*) as numerator -- rows\nfrom mart.metrics", METRIC)
    for _ in range(2):
        folder.build()
        assert folder.rows("select numerator from mart.metrics where metric = 'custom.rows'") == [(1,)]


def test_scopes_and_members_of_a_metric(folder: Folder) -> None:
    """A row that names a unit is of that scope; members need a dimension; several metrics of one file share its name."""
    folder.model(
        "by",
        "select 'custom.by.unit' as metric, 'prod' as account, unit as business_unit, 'key' as dimension,\n"
        "    endpoint_key as member, 1 as numerator -- endpoints\nfrom core.endpoints where unit is not null",
        METRIC,
    )
    folder.build()
    columns = "metric, scope, account, business_unit, dimension, member, numerator, denominator, value, unit"
    assert folder.rows(f"select {columns} from mart.metrics where starts_with(metric, 'custom.') order by member") == [
        ("custom.by.unit", "business_unit", "prod", "Retail", "key", "e1", 1, None, 1.0, "count"),
        ("custom.by.unit", "business_unit", "prod", "Bank", "key", "e2", 1, None, 1.0, "count"),
    ]


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        (
            "select 'inventory.endpoints' as metric, 1 as numerator -- all",
            "metric is custom.m or begins with custom.m. found 1 row",
        ),
        ("select 'custom.more' as metric, 1 as numerator -- all", "metric is custom.m or begins with custom.m."),
        (
            "select cast(null as varchar) as metric, 1 as numerator -- all",
            "metric is custom.m or begins with custom.m.",
        ),
        ("select 1 as numerator, -- a\n2 as value", "a metric has no column 'value'"),
        ("select 1 as denominator -- a", "needs a column numerator"),
        ("select 1.5 as numerator -- a", "numerator is DECIMAL(2,1), a metric counts in whole numbers"),
        ("select 1 as numerator", "say in a comment at numerator"),
        ("select 3 as numerator, -- a\n2 as denominator -- b", "0 <= numerator <= denominator found 1 row"),
        ("select -1 as numerator -- a", "0 <= numerator <= denominator"),
        ("select cast(null as integer) as numerator -- a", "0 <= numerator <= denominator"),
        ("select cast(1e30 as hugeint) as numerator -- a", "numbers have 63 bits found 1 row (models/m.sql"),
        (
            "select 1 as numerator, -- a\ncast(2 as ubigint) ** 63 as denominator -- b",
            "a metric counts in whole numbers",
        ),
        ("select 'unit' as scope, 1 as numerator -- a", "scope is all, account or business_unit"),
        ("select 'account' as scope, 1 as numerator -- a", "scope is all, account or business_unit"),
        (
            "select 'staging' as account, 1 as numerator -- a",
            "account has endpoints here found 1 row (models/m.sql line 4)",
        ),
        ("select 'x' as member, 1 as numerator -- a", "dimension and member stand together"),
        ("select 1 as numerator -- a\nfrom core.endpoints", "one row of a metric and member in a scope found 1 row"),
    ],
)
def test_a_metric_that_is_none_is_refused(sql: str, says: str, folder: Folder) -> None:
    """Ours cannot be overwritten, and what the report would print wrongly is named."""
    folder.model("m", sql, METRIC)
    with pytest.raises(BuildFailed) as caught:
        folder.build()
    assert says in str(caught.value)
    assert "models/m.sql line" in str(caught.value)


def test_a_metric_whose_file_is_gone_keeps_its_history(folder: Folder) -> None:
    """Earlier runs stay, the catalogue forgets it."""
    folder.model("owned", COUNTED, METRIC)
    folder.build()
    folder.remove("owned")
    folder.build("run-2")
    assert folder.rows("select run_id from mart.metrics where metric = 'custom.owned'") == [("run-1",)]
    assert folder.rows("select metric from rules.metrics") == [("inventory.endpoints",)]


def test_the_bounds_of_the_build_hold_for_the_models_too(folder: Folder) -> None:
    """Memory and threads are those of the build, and nothing outside can be reached or set."""
    seen: dict[str, object] = {}
    folder.build()
    build = folder.opened()
    build.warehouse.limit_memory(0)

    def look(apart: object) -> None:
        for setting in ("memory_limit", "threads", "enable_external_access", "lock_configuration"):
            seen[setting] = apart.rows(f"select current_setting('{setting}')")[0][0]  # type: ignore[attr-defined]

        for statement in ("delete from core.endpoints", "create table core.mine as select 1 as n", "attach 'x.db'"):
            with pytest.raises(EngineRefused):
                apart.execute(statement)  # type: ignore[attr-defined]

    work_apart(build, look)
    assert str(seen["memory_limit"]).startswith("343.")  # 360 MB, as the engine rounds it
    assert build.warehouse.memory_limit.startswith("343.")
    assert seen["threads"] <= 2  # type: ignore[operator]
    assert (seen["enable_external_access"], seen["lock_configuration"]) == (False, True)
    discard(build)
