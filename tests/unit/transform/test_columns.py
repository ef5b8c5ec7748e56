from __future__ import annotations

import pytest

from pipeline.transform.columns import column_comments


@pytest.mark.parametrize(
    ("sql", "comments"),
    [
        ("select\n    a, -- one\n    b -- two\nfrom core.t", {"a": "one", "b": "two"}),
        ("select t.a, -- one\n    upper(b) as c -- two\nfrom core.t", {"a": "one", "c": "two"}),
        ("select a -- one\n", {"a": "one"}),
        ("select a -- one", {"a": "one"}),
        ('select a as "odd name" -- one\nfrom core.t', {"odd name": "one"}),
        ("with x as (\n    select a -- inner\n    from core.t\n)\nselect b -- outer\nfrom x", {"b": "outer"}),
        ("select\n    -- a note on its own line\n    a,\n    b\nfrom core.t", {}),
        (
            "select\n    case\n        when a then 1 -- a reason\n    end as c, -- kept\n    d\nfrom core.t",
            {"c": "kept"},
        ),
        ("select\n    a -- a reason\n        + b as c\nfrom core.t", {}),
        ("select\n    a is distinct from b as c, -- kept\n    d\nfrom core.t", {"c": "kept"}),
        ("select\n    extract(year from a) as c -- kept\nfrom core.t", {"c": "kept"}),
        ("select '--' as a, -- kept\n    ',' as b\nfrom core.t", {"a": "kept"}),
        ("select coalesce(a, b) as c, /* no */ d -- kept\nfrom core.t", {"d": "kept"}),
        ("select a -- one\nunion all\nselect b -- two", {"a": "one"}),
        ("select a, b from core.t -- a note", {}),
        ("from core.t select a -- kept", {"a": "kept"}),
        ("select a[1] -- no name\nfrom core.t", {}),
    ],
)
def test_the_comment_at_the_end_of_a_columns_line_is_its_own(sql: str, comments: dict[str, str]) -> None:
    """Comments of CTEs, in the middle of expressions and on lines of their own are no documentation."""
    assert column_comments(sql) == comments
