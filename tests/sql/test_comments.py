"""The data dictionary's source: every table and column of the real models says what it is."""

from __future__ import annotations

from pipeline.warehouse.duck import Warehouse


def test_every_table_and_column_has_a_comment(macros: Warehouse) -> None:
    """An analyst meets no column without a sentence, in no schema."""
    silent = macros.rows(
        "select schema_name || '.' || table_name || '.' || column_name from duckdb_columns()"
        " where comment is null and not internal and database_name = current_database()"
        " union all select schema_name || '.' || table_name from duckdb_tables()"
        " where coalesce(comment, '') = '' and not internal and database_name = current_database()"
        " union all select schema_name || '.' || view_name from duckdb_views()"
        " where coalesce(comment, '') = '' and not internal and database_name = current_database() order by 1"
    )
    assert silent == []


def test_every_model_says_what_it_reads(macros: Warehouse) -> None:
    """What meta.models names exists, so that every link of the lineage leads somewhere."""
    lost = macros.rows(
        "with named as (select model, unnest(reads) as read from meta.models)"
        " select model, read from named where read not in ("
        " select schema_name || '.' || table_name from duckdb_columns() where database_name = current_database())"
    )
    assert lost == []
    assert macros.rows("select count(*) from meta.models where grain = '' or source_file not like 'sql/%'") == [(0,)]
