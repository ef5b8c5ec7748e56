from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import BuildFailed
from pipeline.transform.model import Kind, read_model, read_models

GOOD = """\
-- A thing, for people who count things.
--
-- Only the newest ones.
-- grain: one thing
-- kind: versions
-- key: thing_key
-- check: unique(thing_key)
-- check: accepted(state,
--     'on', 'off')
select
    thing_key, -- who it is
    state
from staging.things;
"""


def written(folder: Path, text: str, name: str = "things.sql") -> Path:
    """A model file sql/core/<name>."""
    path = folder / "sql" / "core" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_taken_apart(tmp_path: Path) -> None:
    """Name, sentences, header, statement and comments come from one plain file."""
    model = read_model(written(tmp_path, GOOD))
    assert (model.name, model.kind, model.key) == ("core.things", Kind.VERSIONS, ("thing_key",))
    assert model.source.sentences == "A thing, for people who count things. Only the newest ones."
    assert [(check.value, check.line) for check in model.checks] == [
        ("unique(thing_key)", 7),
        ("accepted(state, 'on', 'off')", 8),
    ]
    assert model.source.first_line == 10
    assert model.source.sql.endswith("from staging.things")
    assert model.comments == {"thing_key": "who it is"}


def test_a_file_from_windows_is_the_same_model(tmp_path: Path) -> None:
    """A byte order mark and its line ends; what separates lines elsewhere stays in a text."""
    plain = GOOD.replace("from staging", "-- go\u2028on\nfrom staging")
    same = read_model(written(tmp_path, "\ufeff" + plain.replace("\n", "\r\n"))).source
    assert same == read_model(written(tmp_path, plain)).source
    assert "go\u2028on" in same.sql


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("-- grain: x\n-- kind: table\n-- owner: me\nselect 1 as a", "line 3: unknown header key 'owner'"),
        ("-- grain: x\n-- kind: table\n-- kind: view\nselect 1 as a", "line 3: 'kind' stands twice"),
        ("-- grain: x\nselect 1 as a", "line 1: the header has no 'kind' line"),
        ("-- kind: view\nselect 1 as a", "line 1: the header has no 'grain' line"),
        ("-- grain: x\n-- kind: incremental\nselect 1 as a", "line 2: unknown kind 'incremental'"),
        ("-- grain: x\n-- kind: versions\nselect 1 as a", "exactly one column as its key"),
        ("-- grain: x\n-- kind: versions\n-- key: a, b\nselect 1 as a", "exactly one column as its key"),
        ("-- grain: x\n-- kind: append\nselect 1 as a", "by which key"),
        ("-- grain: x\n-- kind: table\n-- key: a\nselect 1 as a", "has no key"),
        ("-- grain: x\n-- kind: macro\nselect 1 as a", "`kind: macro` go together"),
        ("-- grain: x\n-- kind: view\n-- macro: core.things(ts)\nselect 1 as a", "`kind: macro` go together"),
        (
            "-- grain: x\n-- kind: macro\n-- macro: core.thing(ts)\nselect ts as a",
            "line 3: say `-- macro: core.things(",
        ),
        ("-- grain: x\n-- kind: table\n", "there is no statement"),
        ("-- grain: x\n-- kind: table\n;\n", "there is no statement"),
    ],
)
def test_a_wrong_header_is_refused_with_its_line(text: str, says: str, tmp_path: Path) -> None:
    """The sentence names file and line."""
    with pytest.raises(BuildFailed) as caught:
        read_model(written(tmp_path, text))
    assert str(caught.value).startswith("sql/core/things.sql line ")
    assert says in str(caught.value)


@pytest.mark.parametrize("name", ["Things.sql", "two words.sql", "1st.sql"])
def test_a_name_that_must_be_quoted_is_refused(name: str, tmp_path: Path) -> None:
    """A table's name can be typed without quotes."""
    with pytest.raises(BuildFailed, match="rename the file"):
        read_model(written(tmp_path, GOOD, name))


def test_a_name_that_the_pipeline_fills_is_refused(tmp_path: Path) -> None:
    """A model would overwrite the policy."""
    path = tmp_path / "sql" / "rules" / "policy.sql"
    path.parent.mkdir(parents=True)
    path.write_text("-- grain: x\n-- kind: table\nselect 1 as a")
    with pytest.raises(BuildFailed, match="filled by the pipeline"):
        read_model(path)


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    """A folder below a schema would hide a second file of the same table."""
    written(tmp_path, GOOD)
    path = tmp_path / "sql" / "core" / "more" / "things.sql"
    path.parent.mkdir()
    path.write_text(GOOD)
    with pytest.raises(BuildFailed, match=r"core/more/things\.sql"):
        read_models(tmp_path / "sql")


def test_bytes_that_are_no_text_are_refused_by_name(tmp_path: Path) -> None:
    """A file in another encoding is named."""
    path = written(tmp_path, GOOD)
    path.write_bytes(b"-- \xff\xfe")
    with pytest.raises(BuildFailed, match=r"things\.sql cannot be read"):
        read_model(path)


def test_a_folder_that_is_no_schema_is_refused(tmp_path: Path) -> None:
    """A model that would silently not be built is named."""
    path = tmp_path / "sql" / "stagging" / "things.sql"
    path.parent.mkdir(parents=True)
    path.write_text(GOOD)
    with pytest.raises(BuildFailed, match=r"stagging/things\.sql is in a folder that is no schema"):
        read_models(tmp_path / "sql")
