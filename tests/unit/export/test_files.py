"""Where the files land, that they are whole, and which actions `all` has."""

from __future__ import annotations

import codecs
import logging
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.config import Publish, Settings
from pipeline.errors import OutputFailed, UsageError
from pipeline.export.files import export_actions
from pipeline.output_file import replaced_file
from pipeline.unfinished import PREFIX
from pipeline.warehouse.duck import open_read_only

RUN = "20261123T060000Z-aaaaaa"


def test_all_writes_each_to_do_list_for_both_audiences(make_database: Callable[..., Path], settings: Settings) -> None:
    """Empty lists have a header; actions that need --where, and the audit trail, are not there."""
    make_database({"north:a": {"days_left": 12}})
    files = export_actions(settings, "all", audiences=("job", "people"))
    folder = settings.output / "exports" / RUN
    names = ["add-tags", "next-certificate", "reissue", "renew", "request-certificate", "update-business-unit"]
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        name + suffix for name in names for suffix in (".csv", ".people.csv")
    )
    assert {file.action: file.rows for file in files} == dict.fromkeys(names, 0) | {"renew": 1}
    assert (folder / "reissue.csv").read_text().startswith("schema_version,action,account,")
    assert (folder / "reissue.csv").read_text().count("\n") == 1


def test_what_a_killed_export_left_is_removed(make_database: Callable[..., Path], settings: Settings) -> None:
    """Beside the files of this run, and of an earlier one, whose folder nothing is written to any more."""
    make_database({})
    folders = [settings.output / "exports" / run / f"{PREFIX}dead" for run in (RUN, "20261116T060000Z-bbbbbb")]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "file").write_text("half")
    export_actions(settings, "renew")
    assert not any(folder.exists() for folder in folders)


def test_an_empty_account_gives_headers(make_database: Callable[..., Path], settings: Settings) -> None:
    """No endpoint at all is no error."""
    make_database({})
    assert {file.rows for file in export_actions(settings, "all", audiences=("job", "people"))} == {0}


@pytest.mark.parametrize("action", ["switch-ca", "delete", "replace-tags", "remove-tags", "download"])
def test_an_action_without_a_default_selection_asks_for_where(
    make_database: Callable[..., Path], settings: Settings, action: str
) -> None:
    """The refusal shows an example."""
    make_database({"north:a": {}})
    with pytest.raises(UsageError, match=rf'tlm export {action} --where ".+"'):
        export_actions(settings, action)


def test_an_unknown_action_is_refused_with_the_nearest_name(settings: Settings) -> None:
    """And with all names."""
    with pytest.raises(UsageError, match=r'no action "reneww"; did you mean renew.*switch-ca'):
        export_actions(settings, "reneww")


@pytest.mark.parametrize(
    ("action", "more"),
    [
        ("all", {"where": "true"}),
        ("all", {"out": "x.csv"}),
        ("renew", {"out": "x.csv", "audiences": ("job", "people")}),
    ],
)
def test_flags_that_do_not_fit_are_refused(settings: Settings, action: str, more: Any) -> None:
    """One selection is for one action, one file for one table."""
    with pytest.raises(UsageError, match=r"--where|--out"):
        export_actions(settings, action, **more)


def test_a_missing_database_says_what_to_do(settings: Settings) -> None:
    """`tlm build` makes it."""
    with pytest.raises(UsageError, match="tlm build"):
        export_actions(settings, "renew")


def test_the_file_has_the_published_mode_and_nothing_else_stays(
    make_database: Callable[..., Path], settings: Settings, tmp_path: Path
) -> None:
    """`--out` too; no unfinished folder is left."""
    make_database({"north:a": {"days_left": 12}})
    narrow = msgspec.structs.replace(settings, publish=Publish(mode="0600"))
    out = tmp_path / "made" / "here.csv"
    out.parent.mkdir()
    (file,) = export_actions(narrow, "renew", out=out)
    assert file.path == out
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert [path.name for path in out.parent.iterdir()] == ["here.csv"]


def test_what_cannot_be_written_is_one_sentence(
    make_database: Callable[..., Path], settings: Settings, tmp_path: Path
) -> None:
    """A file where the folder should be."""
    make_database({"north:a": {}})
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OutputFailed, match=r"taken/renew\.csv could not be written"):
        export_actions(settings, "renew", out=tmp_path / "taken" / "renew.csv")


@pytest.mark.parametrize(
    ("out", "words"), [("none/renew.csv", "no folder .*none; make it"), (".", "is a folder; name")]
)
def test_out_names_a_file_in_a_folder_that_exists(
    make_database: Callable[..., Path], settings: Settings, tmp_path: Path, out: str, words: str
) -> None:
    """A typo in the path makes no folders."""
    make_database({"north:a": {}})
    with pytest.raises(OutputFailed, match=words):
        export_actions(settings, "renew", out=tmp_path / out)
    assert not (tmp_path / "none").exists()


def test_a_selection_never_replaces_the_default_list(make_database: Callable[..., Path], settings: Settings) -> None:
    """Each condition has a file of its own, the same one each time."""
    make_database({"north:a": {"days_left": 12}, "north:b": {"days_left": 50}})
    default = export_actions(settings, "renew", audiences=("job", "people"))
    before = [file.path.read_bytes() for file in default]
    selected = export_actions(settings, "renew", where="days_left = 50", audiences=("job", "people"))
    assert [file.path.name for file in selected] == ["renew.where-a083457a.csv", "renew.where-a083457a.people.csv"]
    assert [file.path.read_bytes() for file in default] == before
    again, other = (export_actions(settings, "renew", where=where)[0] for where in ("days_left = 50", "days_left = 12"))
    assert again.path == selected[0].path
    assert other.path != again.path


def test_what_is_left_out_can_be_listed(
    make_database: Callable[..., Path],
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The warning names the view that says who may, and a query for the others that runs."""
    monkeypatch.setattr(logging.getLogger("pipeline"), "propagate", True)
    database = make_database({"north:a": {}, "north:b": {"trust": "private"}})
    export_actions(settings, "renew", where="account = 'north'")
    assert "1 of the chosen endpoints may not take the action renew" in caplog.text
    assert "the view export.renew has those that may" in caplog.text
    query = caplog.text.partition("may; ")[2].partition(" lists the others.")[0]
    with open_read_only(database) as warehouse:
        assert warehouse.rows(query) == [("north:b",)]


def test_an_unknown_group_is_one_sentence(
    make_database: Callable[..., Path], settings: Settings, tmp_path: Path
) -> None:
    """The place is as it was."""
    make_database({"north:a": {}})
    nobodys = msgspec.structs.replace(settings, publish=Publish(group="no-such-group"))
    with pytest.raises(OutputFailed, match="no-such-group"):
        export_actions(nobodys, "renew", out=tmp_path / "renew.csv")
    assert not (tmp_path / "renew.csv").exists()


def test_a_failure_half_way_keeps_the_old_file(tmp_path: Path) -> None:
    """Whole or not at all."""
    path = tmp_path / "renew.csv"
    path.write_text("old")

    def interrupted() -> None:
        with replaced_file(path, Publish()) as unfinished:
            unfinished.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["renew.csv"]


def test_the_people_dialect_has_a_byte_order_mark_and_no_checksum(
    make_database: Callable[..., Path], settings: Settings
) -> None:
    """So a plan refuses it, and a spreadsheet opens it."""
    make_database({"north:a": {"days_left": 12, "common_name": "=cmd|' /C calc'!A0"}})
    (file,) = export_actions(settings, "renew", audiences=("people",))
    content = file.path.read_bytes()
    assert content.startswith(codecs.BOM_UTF8)
    assert b"checksum" not in content
    assert b"\"'=cmd|' /C calc'!A0\"" in content
    assert b'"\'5E0004"' in content
