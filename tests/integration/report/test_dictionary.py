"""The data dictionary: everything in the file is on the page, every link leads somewhere, nothing in a comment runs."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pipeline.cli import run
from pipeline.config import Settings
from pipeline.report.dictionary import STABLE, read_dictionary
from pipeline.report.page import Theme, render_dictionary
from pipeline.warehouse.duck import open_read_only, open_writable

Shaped = Callable[..., Settings]
HOSTILE = "</script></style><script>alert(1)</script>{{ 7*7 }}\u202e"


class Page(HTMLParser):
    """Ids, link targets, tags, and the text by the id of the row or article that holds it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: Counter[str] = Counter()
        self.links: set[str] = set()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._row = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if attributes.get("id"):
            self.ids[str(attributes["id"])] += 1
            self._row = str(attributes["id"])
        if tag == "a":
            self.links.add(str(attributes["href"]))

    def handle_data(self, data: str) -> None:
        self.texts[self._row] = self.texts.get(self._row, "") + data


def page_of(database: Path) -> str:
    """The HTML of a file's dictionary."""
    with open_read_only(database) as warehouse:
        return render_dictionary(read_dictionary(warehouse), Theme())


@pytest.fixture(scope="module")
def page(database: Path) -> Page:
    """The dictionary of the demo's file."""
    return Page(page_of(database))


def test_every_table_and_column_is_there_with_its_comment(database: Path, page: Page) -> None:
    """None is missing, and none is without words."""
    with open_read_only(database) as warehouse:
        columns = warehouse.rows(
            "select schema_name || '.' || table_name, column_name, data_type, comment from duckdb_columns()"
            " where database_name = current_database() and not internal"
        )
    assert len(columns) > 1000
    for table, column, data_type, comment in columns:
        assert page.ids[table] == 1, table
        shown = page.texts[f"{table}.{column}"]
        assert data_type in shown, (table, column)
        assert comment, (table, column)
        assert " ".join(comment.split()) in " ".join(shown.split()), (table, column)


def test_macros_metrics_and_rules_are_there(database: Path, page: Page) -> None:
    """Each macro with its parameters, each metric with its sentence, each rule with its source."""
    with open_read_only(database) as warehouse:
        macros = warehouse.rows(
            "select schema_name || '.' || function_name, parameters from duckdb_functions()"
            " where database_name = current_database() and not internal"
        )
        metrics = warehouse.rows("select metric, sentence from rules.metrics")
        rules = warehouse.rows("select demand, source from rules.dated")
    assert macros
    assert metrics
    for name, parameters in macros:
        assert f"{name}({', '.join(parameters)})" in page.texts[name]
    for metric, sentence in metrics:
        assert sentence in page.texts[f"metric.{metric}"]
    for demand, source in rules:
        assert demand in page.texts["dated-rules"]
        assert source in page.texts["dated-rules"]


def test_every_link_leads_to_one_place(page: Page) -> None:
    """No id stands twice, and no link leads nowhere or out of the page."""
    assert [name for name, times in page.ids.items() if times > 1] == []
    assert {link[1:] for link in page.links if link.startswith("#")} <= page.ids.keys()
    assert [link for link in page.links if not link.startswith("#")] == []


def test_the_lineage_is_that_of_the_models(database: Path) -> None:
    """What a model reads reads it back, and at the bottom are tables that no model makes."""
    with open_read_only(database) as warehouse:
        relations = {relation.name: relation for relation in read_dictionary(warehouse).relations}
    endpoints = relations["core.endpoints"]
    assert endpoints.reads
    for name in endpoints.reads:
        assert "core.endpoints" in relations[name].read_by
    assert "raw.endpoints_automatable" in endpoints.stands_on
    assert all(not relations[name].reads for name in endpoints.stands_on)
    assert endpoints.grain == "one endpoint of the newest snapshot"
    assert [check.found for check in endpoints.checks if check.name == "unique(endpoint_key)"] == ["passed"]


def test_the_stable_tables_are_marked(page: Page) -> None:
    """Those of the interface, and each is there."""
    marked = {
        str(attributes["id"]) for tag, attributes in page.tags if tag == "article" and "data-stable" in attributes
    }
    assert marked == set(STABLE) - {"core.endpoints_as_of"}  # a macro


def test_hostile_comments_are_only_ever_text(shaped: Shaped) -> None:
    """A script in a comment is printed and not run; the only script is ours, by its hash, and nothing else is allowed."""
    settings = shaped()
    with open_writable(settings.database) as warehouse:
        quoted = "'" + HOSTILE + "'"
        warehouse.execute(f"comment on table core.endpoints is {quoted}")
        warehouse.execute(f"comment on column core.endpoints.ip is {quoted}")
        warehouse.execute('create table core."<b>" as select 1 as "<i onclick=x>"')
        warehouse.execute(f"update rules.metrics set sentence = {quoted} where metric = 'inventory.endpoints'")
    text = page_of(settings.database)
    page = Page(text)
    assert "alert(1)" in page.texts["core.endpoints.ip"]
    assert "{{ 7*7 }}" in page.texts["core.endpoints.ip"]
    assert [tag for tag, _ in page.tags if tag == "script"] == ["script"]
    policy = next(str(attributes["content"]) for _, attributes in page.tags if attributes.get("http-equiv"))
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy.startswith(f"script-src 'sha256-{digest}'; default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    for _, attributes in page.tags:
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on") and name != "onclick=x"]
        assert "src" not in attributes
    assert not re.findall(r"url\((?!data:font/woff2)", text)


def test_a_file_of_another_version_has_a_page_without_what_it_lacks(shaped: Shaped) -> None:
    """No lineage, no metrics: the page says so and has the tables."""
    settings = shaped()
    with open_writable(settings.database) as warehouse:
        warehouse.execute("drop table meta.models")
        warehouse.execute("drop view rules.dated")
    page = Page(page_of(settings.database))
    assert "No lineage." in page.texts["top"]
    assert page.ids["core.endpoints.days_left"] == 1


def test_the_command_writes_and_replaces_the_page(
    shaped: Shaped, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By default into the output folder; --out names another file; a folder or a group that is none is code 8."""
    settings = shaped()
    config = ["--config", str(tmp_path / "tlm.toml")]
    capsys.readouterr()
    assert run([*config, "dictionary"]) == 0
    place = Path(capsys.readouterr().out.strip())
    assert place == settings.output / "dictionary.html"
    place.write_text("old", encoding="utf-8")
    assert run([*config, "dictionary"]) == 0
    assert "core.endpoints.days_left" in place.read_text(encoding="utf-8")
    assert [path.name for path in place.parent.iterdir()] == ["dictionary.html"]
    other = tmp_path / "wiki" / "tables.html"
    assert run([*config, "dictionary", "--out", str(other)]) == 0
    assert other.read_bytes() == place.read_bytes()
    capsys.readouterr()
    assert run([*config, "dictionary", "--out", str(other / "in-a-file.html")]) == 8
    assert "could not be written" in capsys.readouterr().err
    monkeypatch.setenv("TLM_PUBLISH_GROUP", "no-such-group")
    assert run([*config, "dictionary"]) == 8
    assert "The group 'no-such-group' of [publish] is not known" in capsys.readouterr().err
    assert [path.name for path in place.parent.iterdir()] == ["dictionary.html"]
    settings.database.unlink()
    assert run([*config, "dictionary"]) == 2
