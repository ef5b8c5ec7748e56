"""What a person is told on stderr although the command has done its work."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest
from place import Place

from pipeline import places
from pipeline.sandbox.plan import Plan
from pipeline.sandbox.serve import ThreadedSandbox

Start = Callable[[Plan], ThreadedSandbox]
PLAN = Plan(endpoints=60, weeks=1, shares={"prod": 1.0})


def test_a_check_that_warns_is_told(place: Place, sandbox_of: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """The build ends with 0, and one line names the check, its file, how many rows it found, and the first of them."""
    models = place.folder / "content" / "sql"
    shutil.copytree(places.content("sql"), models)
    check = "-- Every account is worth a look.\n-- severity: warn\nselect account from meta.build_accounts\n"
    (models / "checks" / "worth_a_look.sql").write_text(check, encoding="utf-8")
    monkeypatch.setattr(places, "content", models.parent.joinpath)
    sandbox = sandbox_of(PLAN)
    place.configure(sandbox.base_url, sandbox.keys)
    code, _, err = place.tlm("run", "daily")
    assert code == 0
    (line,) = [line for line in err.splitlines() if "A check warns: worth_a_look found" in line]
    assert "worth_a_look found 1 row" in line
    assert "worth_a_look.sql" in line
    assert line.endswith("{account: prod}; the build goes on.")  # not that it is published: it is not yet


def test_a_part_of_a_run_says_that_it_is_one(place: Place, sandbox_of: Start) -> None:
    """`tlm extract --resource` does what was asked, and says for each account why no build takes it and what would."""
    sandbox = sandbox_of(PLAN)
    place.configure(sandbox.base_url, sandbox.keys)
    code, out, err = place.tlm("extract", "--resource", "profiles")
    (line,) = [line for line in err.splitlines() if "no whole run" in line]
    assert code == 0
    assert out.strip() in line
    assert "endpoints.automatable" in line
    assert "`tlm extract` without --resource" in line


def test_lines_of_the_lists_that_match_nothing_are_told_once(place: Place, sandbox_of: Start) -> None:
    """Each with its file, its line and what to do, while the build ends with 0; mart.waivers says which they are."""
    sandbox = sandbox_of(PLAN)
    place.configure(sandbox.base_url, sandbox.keys)
    waivers = (
        "waiver_id,rule,scope,reason,owner,approver,expires_on",
        "w1,unsecured,Retail,waits,ann,bob,2999-01-01",
        "w2,unsecured,Retial,waits,ann,bob,2999-01-01",
    )
    (place.folder / "waivers.csv").write_text("\n".join(waivers), encoding="utf-8")
    (place.folder / "pci.csv").write_text("account,endpoint,criticality\n,*,low\n,till-7,high\n", encoding="utf-8")
    code, _, err = place.tlm("run", "daily")
    assert code == 0
    (waiver,) = [line for line in err.splitlines() if "Retial" in line]
    assert "{line_no: 3, waiver_id: w2, scope: Retial}" in waiver
    assert "mend the scope of that line in waivers.csv" in waiver
    (entry,) = [line for line in err.splitlines() if "till-7" in line]
    assert "{line_no: 3, account: null, endpoint: till-7}" in entry
    assert "in pci.csv" in entry
    shown = place.tlm("query", "select waiver_id, status from mart.waivers order by all", "--format", "csv")[1]
    assert shown.splitlines() == ["waiver_id,status", "w1,active", "w2,unmatched"]


def test_an_account_that_never_came_is_told_by_every_build_and_by_the_report(place: Place, sandbox_of: Start) -> None:
    """Its key was refused from the first day: the other account is no whole estate."""
    sandbox = sandbox_of(Plan(endpoints=60, weeks=1, shares={"prod": 0.7, "apac": 0.3}))
    place.configure(sandbox.base_url, {**sandbox.keys, "apac": "no-such-key"})
    warning = "Account apac has no complete run yet, so nothing of it is in the database and in the reports;"
    code, _, err = place.tlm("run", "daily")
    assert (code, err.count(warning)) == (3, 1), err
    code, out, err = place.tlm("build")
    assert (code, err.count(warning)) == (0, 1), err
    assert "Nothing new to build" in out
    assert place.tlm("report", "weekly", "--format", "html")[0] == 0
    (page,) = (place.folder / "out").rglob("*.html")
    text = page.read_text(encoding="utf-8")
    assert "Account apac has no complete run yet: nothing of it is in any number." in text
    assert "Complete as served" not in text
