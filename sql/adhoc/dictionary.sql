-- What every table, view and column holds: the sentences of the models, in the order of the columns; a row without a column is about the table.
with

relations as (
    select
        schema_name,
        table_name,
        comment
    from duckdb_tables()
    where not internal and database_name = current_database()
    union all
    select
        schema_name,
        view_name as table_name,
        comment
    from duckdb_views()
    where not internal and database_name = current_database()
),

entries as (
    select
        schema_name,
        table_name,
        0 as place,
        cast(null as varchar) as column_name,
        cast(null as varchar) as data_type,
        comment
    from relations
    union all
    select
        columns.schema_name,
        columns.table_name,
        columns.column_index as place,
        columns.column_name,
        columns.data_type,
        columns.comment
    from duckdb_columns() as columns
    where not columns.internal and columns.database_name = current_database()
)

select
    schema_name || '.' || table_name as table_name,
    column_name,
    data_type,
    comment
from entries
order by
    entries.schema_name,
    entries.table_name,
    entries.place
