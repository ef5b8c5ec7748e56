"""`tlm build --run RUN --accept-incomplete REASON`: published, marked, compared with nothing, and nothing vanishes by it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from place import Place

from pipeline.runs.manifest import find_runs
from pipeline.sandbox.faults import Fault
from pipeline.sandbox.plan import Plan
from pipeline.sandbox.serve import ThreadedSandbox

Start = Callable[[Plan], ThreadedSandbox]
SHORT = (Fault("503-forever", calls=("endpoints.discovered",), accounts=("prod",), after=1),)
PLAN = Plan(endpoints=300, weeks=1, shares={"prod": 0.5, "apac": 0.5})
SMALL_PAGES = "page_size = 20\n"


def rows(place: Place, sql: str) -> list[tuple[Any, ...]]:
    """What the published file says."""
    with duckdb.connect(str(place.database), read_only=True) as con:
        return con.execute(sql).fetchall()


def newest_run(folder: Path) -> str:
    """The newest run in the landing zone."""
    return find_runs(folder / "data" / "landing")[-1].run_id


def test_it_is_for_one_run_and_needs_a_reason(place: Place) -> None:
    """Both are usage errors."""
    place.configure("http://127.0.0.1:9", {"prod": "key-of-nobody"})
    assert place.tlm("build", "--accept-incomplete", "short")[0] == 2
    code, _, err = place.tlm("build", "--run", "x", "--accept-incomplete", " ")
    assert (code, "needs a reason" in err) == (2, True)


# At once it is accepted in the tests below too.
@pytest.mark.parametrize("is_second_build", [pytest.param(False, marks=pytest.mark.slow), True])
def test_an_accepted_account_is_published_with_its_reason(
    place: Place, sandbox_of: Start, is_second_build: bool
) -> None:
    """At once, or after the other account of the run was published; the report says so on its cover."""
    sandbox = sandbox_of(PLAN)
    sandbox.change_faults(SHORT)
    place.configure(sandbox.base_url, sandbox.keys, SMALL_PAGES)
    code, out, err = place.tlm("--quiet", "extract")
    run = newest_run(place.folder)
    assert (code, out) == (4, f"{run}\n")  # the id is data, of a run with gaps too
    assert err.endswith(
        f"Run {run} is kept as far as it came: `tlm extract --resume {run}` reads what is missing,"
        f" `tlm build --run {run} --accept-incomplete REASON` publishes it as it is.\n"
    )
    if is_second_build:
        assert place.tlm("build")[0] == 0
        assert rows(place, "select distinct account from core.endpoints") == [("apac",)]
    code, _, err = place.tlm("build", "--run", run, "--accept-incomplete", "the window was closed")
    assert code == 0, err
    (line,) = [line for line in err.splitlines() if "INCOMPLETE" in line]
    assert f"Account prod of run {run} is published INCOMPLETE, accepted because: the window was closed." in line
    assert "endpoints.discovered" in line
    told = rows(place, "select account, is_complete, is_accepted, reason from meta.runs order by account")
    assert told[0] == ("apac", True, False, None)
    assert told[1][:3] == ("prod", False, True)
    assert told[1][3].startswith("accepted: the window was closed; endpoints.discovered: ")
    assert rows(place, "select count(distinct account) from core.endpoints") == [(2,)]
    assert rows(
        place, "select count(distinct account) from mart.metrics where run_id = (select run_id from meta.current_run)"
    ) == [(2,)]
    assert place.tlm("report", "weekly", "--format", "html")[0] == 0
    (page,) = (place.folder / "out").rglob("*.html")
    assert "the window was closed" in page.read_text(encoding="utf-8")
    (manifest,) = (place.folder / "out" / "reports").rglob("manifest.json")
    states = json.loads(manifest.read_text(encoding="utf-8"))["issues"][0]["states"]
    assert "the window was closed" in states["incomplete"]


def test_a_second_reason_does_not_replace_the_first(place: Place, sandbox_of: Start) -> None:
    """The run is built once more under another policy: what was accepted stays, and no other reason is told."""
    sandbox = sandbox_of(PLAN)
    sandbox.change_faults(SHORT)
    place.configure(sandbox.base_url, sandbox.keys, SMALL_PAGES)
    assert place.tlm("extract")[0] == 4
    run = newest_run(place.folder)
    assert place.tlm("build", "--run", run, "--accept-incomplete", "the window was closed")[0] == 0
    (place.folder / "policy.toml").write_text("renew_days = 21\n", encoding="utf-8")
    code, _, err = place.tlm("build", "--run", run, "--accept-incomplete", "somebody forgot")
    assert (code, "is built once more" in err, "somebody forgot" in err) == (0, True, False)
    (reason,) = (row[0] for row in rows(place, "select reason from meta.runs where is_accepted"))
    assert f"Account prod of run {run} was accepted before, and the reason of then is kept: {reason}." in err
    assert reason.startswith("accepted: the window was closed; ")


def test_what_an_accepted_run_lacks_has_not_vanished(place: Place, sandbox_of: Start) -> None:
    """A removed endpoint is recorded only from a complete extract."""
    sandbox = sandbox_of(PLAN)
    place.configure(sandbox.base_url, {"prod": sandbox.keys["prod"]}, SMALL_PAGES)
    assert place.tlm("run", "daily")[0] == 0
    held = rows(place, "select count(*) from core.endpoints")
    sandbox.change_faults(SHORT)
    assert place.tlm("extract")[0] == 4
    run = newest_run(place.folder)
    code, _, err = place.tlm("build", "--run", run, "--accept-incomplete", "short")
    assert code == 0, err
    assert rows(place, "select count(*) from core.endpoints") < held
    assert rows(place, "select count(*) from core.endpoint_history where is_removed") == [(0,)]


COMPLETENESS = (
    "select numerator, denominator from mart.metrics where metric = 'inventory.completeness' and run_id = '{}'"
)


def test_nothing_is_concluded_from_a_list_that_was_not_read(place: Place, sandbox_of: Start) -> None:
    """Findings neither open nor close, what a pattern waives stays waived, and the list counts with its last total."""
    sandbox = sandbox_of(PLAN)
    place.configure(sandbox.base_url, {"prod": sandbox.keys["prod"]}, SMALL_PAGES)
    header = "waiver_id,rule,scope,reason,owner,approver,expires_on"
    waiver = "w1,no_owner,*.example*,known,alice,bob,2099-12-31"
    (place.folder / "waivers.csv").write_text(f"{header}\n{waiver}\n", encoding="utf-8")
    assert place.tlm("run", "daily")[0] == 0
    findings = "select finding_id, status, waiver_id from mart.findings order by finding_id"
    held = rows(place, findings)
    assert {status for _, status, _ in held} == {"open", "waived"}
    lists = "endpoints.unsecured", "endpoints.discovered", "certificates"
    sandbox.change_faults(tuple(Fault("503-forever", calls=(name,), accounts=("prod",)) for name in lists))
    assert place.tlm("extract")[0] == 4
    run = newest_run(place.folder)
    code, _, err = place.tlm("build", "--run", run, "--accept-incomplete", "short")
    assert code == 0, err
    assert rows(place, findings) == held
    told = set(rows(place, COMPLETENESS.format(run)))
    assert all(received < announced for received, announced in told), told


def test_an_incomplete_run_is_not_built_without_it(place: Place, sandbox_of: Start) -> None:
    """The sentence says how."""
    sandbox = sandbox_of(PLAN)
    sandbox.change_faults(SHORT)
    place.configure(sandbox.base_url, {"prod": sandbox.keys["prod"]}, SMALL_PAGES)
    assert place.tlm("extract")[0] == 4
    code, _, err = place.tlm("build", "--run", newest_run(place.folder))
    assert (code, "--accept-incomplete REASON" in err) == (2, True)


def test_a_resumed_account_is_built_beside_the_other(place: Place, sandbox_of: Start) -> None:
    """The run was published with one account; the other one is complete now, so the run is built once more."""
    sandbox = sandbox_of(PLAN)
    sandbox.change_faults(SHORT)
    place.configure(sandbox.base_url, sandbox.keys, SMALL_PAGES)
    assert place.tlm("run", "daily")[0] == 4
    sandbox.change_faults(())
    run = newest_run(place.folder)
    code, out, err = place.tlm("build")
    assert (code, "Nothing new" in out, f"Run {run} did not finish; `tlm extract --resume {run}`" in err) == (
        0,
        True,
        True,
    )
    assert place.tlm("extract", "--resume", run)[:2] == (0, f"{run}\n")
    assert place.tlm("build")[0] == 0
    assert rows(place, "select count(distinct account) from core.endpoints") == [(2,)]
    assert rows(place, "select bool_and(is_complete), count(*) from meta.runs") == [(True, 2)]
    code, out, err = place.tlm("build")
    assert (code, "Nothing new" in out, "did not finish" in err) == (0, True, False)
