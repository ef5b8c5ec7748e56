"""Taking a run up again: only what is missing, under the same configuration, within a day."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from place import child_process

from pipeline import config
from pipeline.errors import RunIncomplete, UsageError
from pipeline.extract.resources import Wanted
from pipeline.extract.run import RunResult, extract_run, resume_run
from pipeline.jobs import reading
from pipeline.runs.landing import read_items
from pipeline.runs.manifest import find_runs

from .conftest import KEY, NOW, PATHS, Asked, Raw, Tlm

Settings = Callable[..., config.Settings]
LISTS = ("endpoints.automatable", "endpoints.unsecured", "endpoints.discovered", "agents")


def extract(settings: config.Settings, now: datetime = NOW) -> RunResult:
    """A new run of some lists."""
    wanted = Wanted(resources=LISTS)
    return asyncio.run(extract_run(settings, wanted, clock=lambda: now, on_page=lambda *_progress: None))


def resume(settings: config.Settings, run_id: str, now: datetime = NOW) -> RunResult:
    """The same run, taken up at `now`."""
    return asyncio.run(resume_run(settings, run_id, clock=lambda: now, on_page=lambda *_progress: None))


@pytest.fixture
def broken(tlm: Tlm, settings_for: Settings) -> tuple[config.Settings, str]:
    """A run that ended incomplete because agents stopped answering after their first page; they answer again."""

    def stop(asked: Asked, _number: int) -> Raw | None:
        return (503, {}, b"") if asked.path == PATHS["agents"] and asked.query["offset"] != "0" else None

    tlm.instead = stop
    settings = settings_for({"prod": tlm.base_url})
    with pytest.raises(RunIncomplete):
        extract(settings)
    tlm.instead = lambda _asked, _number: None
    tlm.asked.clear()
    (manifest,) = find_runs(settings.data / "landing")
    return settings, manifest.run_id


def test_only_what_is_missing_is_asked_for(tlm: Tlm, broken: tuple[config.Settings, str]) -> None:
    """The instant stays that of the start, the rows are those of an undisturbed run, and so is the manifest."""
    settings, run_id = broken
    (manifest,) = resume(settings, run_id, NOW + timedelta(hours=3)).manifests
    assert {(one.path, one.query["offset"]) for one in tlm.asked} == {(PATHS["agents"], "9"), (PATHS["agents"], "18")}
    assert (manifest.run_id, manifest.as_of_at) == (run_id, NOW)
    agents = next(one for one in manifest.extracts if one.resource == "agents")
    folder = settings.data / "landing" / "prod" / run_id / "agents"
    assert [json.loads(line) for part in agents.parts for line in read_items(folder / part.name)] == tlm.lists["agents"]
    assert (agents.status, agents.rows_received, agents.requests) == ("complete", 25, 3)


def test_drift_while_away_is_repaired(tlm: Tlm, broken: tuple[config.Settings, str]) -> None:
    """Rows came and went in the part that is on the disk: found by the second look, as in any run."""
    settings, run_id = broken
    tlm.lists["agents"].insert(3, {"id": "new"})
    del tlm.lists["agents"][6]
    tlm.lists["agents"].insert(0, {"id": "newer"})
    (manifest,) = resume(settings, run_id).manifests
    agents = next(one for one in manifest.extracts if one.resource == "agents")
    folder = settings.data / "landing" / "prod" / run_id / "agents"
    landed = {json.loads(line)["id"] for part in agents.parts for line in read_items(folder / part.name)}
    assert landed >= {row["id"] for row in tlm.lists["agents"]}
    assert "2 rows came and 1 went" in (agents.reason or "")


def test_of_a_complete_run_nothing_is_asked_again(
    tlm: Tlm, settings_for: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is missing in it, so there is nothing to do: that is told, and no error, however old it is."""
    settings = settings_for({"prod": tlm.base_url})
    before = extract(settings)
    tlm.asked.clear()
    with caplog.at_level(logging.INFO, "pipeline"):
        assert resume(settings, before.run_id, NOW + timedelta(days=40)) == before
    assert tlm.asked == []
    assert f"Run {before.run_id} is finished, nothing is missing in it" in caplog.text


@pytest.mark.parametrize(
    ("part", "fault"),
    [("*/agents/part-*", "is not what was landed"), ("events/*/*", "is missing")],
)
def test_a_finished_run_with_a_damaged_part_is_not_called_whole(
    tlm: Tlm, settings_for: Settings, part: str, fault: str
) -> None:
    """A build would refuse it. Nothing is asked for: the manifest of what may be published stays as it is."""
    settings = settings_for({"prod": tlm.base_url})
    run_id = asyncio.run(extract_run(settings, clock=lambda: NOW, on_page=lambda *_progress: None)).run_id
    tlm.asked.clear()
    path = next((settings.data / "landing" / "prod").glob(part))
    if fault == "is missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(RunIncomplete, match=f"Run {run_id} of account prod is finished, but {path} {fault}.* or move "):
        resume(settings, run_id)
    assert tlm.asked == []


def test_a_resume_of_a_complete_run_prints_its_id_and_ends_well(tlm: Tlm, settings_for: Settings) -> None:
    """As the command: exit code 0, the id for the next command."""
    settings = settings_for({"prod": tlm.base_url})
    run_id = extract(settings).run_id
    outcome = reading.extract(settings, reading.Selection(resume=run_id), clock=lambda: NOW, show_progress=False)
    assert (outcome.lines, outcome.exit_code) == ((run_id,), 0)


def test_an_unknown_run_is_refused_with_the_choice(broken: tuple[config.Settings, str]) -> None:
    """The runs that can be; when there is none any more, what to do instead."""
    settings, run_id = broken
    with pytest.raises(UsageError, match=f"No run nothing can be resumed in .*; these can: {run_id}\\."):
        resume(settings, "nothing")
    resume(settings, run_id)
    later = extract(settings, NOW + timedelta(hours=1)).run_id
    with pytest.raises(UsageError, match="; none can, `tlm extract` starts a new one") as caught:
        resume(settings, "nothing")
    assert run_id not in str(caught.value)
    assert later not in str(caught.value)


def test_a_run_that_is_too_old_is_no_choice(broken: tuple[config.Settings, str]) -> None:
    """It would be refused."""
    settings, _ = broken
    with pytest.raises(UsageError, match="none can"):
        resume(settings, "nothing", NOW + timedelta(hours=25))


def test_a_run_older_than_a_day_is_refused(tlm: Tlm, broken: tuple[config.Settings, str]) -> None:
    """It would not show one day."""
    settings, run_id = broken
    with pytest.raises(UsageError, match="started 25 hours ago, more than the 24"):
        resume(settings, run_id, NOW + timedelta(hours=25))
    assert tlm.asked == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"account_id": "77"}, "account_id was not set and is 77"),
        ({"base_url": "http://127.0.0.1:9"}, "base_url was http://127.0.0.1:.* and is http://127.0.0.1:9"),
    ],
)
def test_another_account_is_refused(
    tlm: Tlm, broken: tuple[config.Settings, str], changed: dict[str, str], words: str
) -> None:
    """Its rows would be of two services."""
    settings, run_id = broken
    account = msgspec.structs.replace(settings.accounts[0], **changed)
    with pytest.raises(UsageError, match=words):
        resume(msgspec.structs.replace(settings, accounts=(account,)), run_id)
    assert tlm.asked == []


def test_a_slash_at_the_end_makes_no_other_address(
    tlm: Tlm, broken: tuple[config.Settings, str], settings_for: Settings
) -> None:
    """Nor another configuration: the hash is the same."""
    settings, run_id = broken
    (before,) = find_runs(settings.data / "landing")
    (manifest,) = resume(settings_for({"prod": f"{tlm.base_url}/"}), run_id).manifests
    assert (manifest.status, manifest.base_url) == ("complete", tlm.base_url)
    assert manifest.config_hash == before.config_hash


def test_another_path_is_refused(tlm: Tlm, broken: tuple[config.Settings, str]) -> None:
    """An override in [contract] paths that was not there."""
    settings, run_id = broken
    contract = config.Contract(paths={"agents": "/mpki/api/v2/agent"})
    with pytest.raises(UsageError, match="the path of agents was /mpki/api/v1/agent and is /mpki/api/v2/agent"):
        resume(msgspec.structs.replace(settings, contract=contract), run_id)
    assert tlm.asked == []


def test_resources_that_are_not_configured_any_more_are_refused(broken: tuple[config.Settings, str]) -> None:
    """The run was started with them."""
    settings, run_id = broken
    fewer = msgspec.structs.replace(settings.extract, resources=LISTS[:3])
    with pytest.raises(UsageError, match="'agents' is no resource of this configuration"):
        resume(msgspec.structs.replace(settings, extract=fewer), run_id)


def test_page_size_may_differ(tlm: Tlm, broken: tuple[config.Settings, str]) -> None:
    """Positions count, not pages."""
    settings, run_id = broken
    larger = msgspec.structs.replace(settings.extract, page_size=100)
    (manifest,) = resume(msgspec.structs.replace(settings, extract=larger), run_id).manifests
    assert {one.query["offset"] for one in tlm.asked} == {"9"}
    assert {one.rows_received for one in manifest.extracts if one.status != "skipped"} == {25}


def test_a_run_with_a_later_one_is_refused(broken: tuple[config.Settings, str]) -> None:
    """History is not rewritten behind a later run."""
    settings, run_id = broken
    extract(settings, NOW + timedelta(hours=1))
    with pytest.raises(UsageError, match="has the later run"):
        resume(settings, run_id)


def test_an_account_that_is_complete_is_not_read_again(
    start_tlm: Callable[[], Tlm], tlm: Tlm, settings_for: Settings
) -> None:
    """Only the other one is, and both manifests are of the run."""
    other = start_tlm()
    other.instead = lambda _asked, _number: (503, {}, b"")
    settings = settings_for({"prod": tlm.base_url, "apac": other.base_url})
    with pytest.raises(RunIncomplete):
        extract(settings)
    other.instead = lambda _asked, _number: None
    tlm.asked.clear()
    run_id = find_runs(settings.data / "landing")[0].run_id
    result = resume(settings, run_id)
    assert {one.account for one in result.manifests} == {"prod", "apac"}
    assert tlm.asked == []


def test_a_damaged_page_is_read_again(tlm: Tlm, broken: tuple[config.Settings, str]) -> None:
    """A flipped bit on the disk: its checksum does not agree, so the page counts as not written."""
    settings, run_id = broken
    part = next((settings.data / "landing" / "prod" / run_id / "endpoints.unsecured").glob("part-*"))
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 0xFF
    part.write_bytes(content)
    (manifest,) = resume(settings, run_id).manifests
    unsecured = next(one for one in manifest.extracts if one.resource == "endpoints.unsecured")
    lines = [line for one in unsecured.parts for line in read_items(part.parent / one.name)]
    assert [json.loads(line) for line in lines] == tlm.lists["endpoints.unsecured"]


@pytest.mark.parametrize("replies", [0, 3])
def test_who_stops_it_is_told_how_it_goes_on(
    broken: tuple[config.Settings, str], replies: int, caplog: pytest.LogCaptureFixture
) -> None:
    """With Ctrl-C: the run that had begun is named, and none where it had not, never an earlier one."""
    settings, earlier = broken
    calls = 0

    def clock() -> datetime:
        nonlocal calls
        calls += 1
        if calls > replies:
            raise KeyboardInterrupt
        return NOW + timedelta(hours=1)

    with pytest.raises(KeyboardInterrupt):
        reading.extract(settings, reading.Selection(), clock=clock, show_progress=False)
    begun = {path.parent.name for path in (settings.data / "landing").glob("*/*/run.json")} - {earlier}
    told = [record.getMessage() for record in caplog.records if "goes on" in record.getMessage()]
    assert told == [f"Run {run} is kept as far as it came; `tlm extract --resume {run}` goes on." for run in begun]
    assert len(begun) == (1 if replies else 0)


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_service_manager_stops_it_as_ctrl_c_does(tlm: Tlm, tmp_path: Path, sent: signal.Signals) -> None:
    """In the middle of a list: the run and the next command are told, the journal holds, the resume gets the rest."""
    (tmp_path / "tlm.toml").write_text(
        f'[[accounts]]\nname = "prod"\nbase_url = "{tlm.base_url}"\napi_key = {{ env = "TLM_KEY" }}\n'
        "[extract]\npage_size = 10\nrequests_per_second = 10000\nconcurrency = 1\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "pipeline", "--config", str(tmp_path / "tlm.toml"), "extract"]
    only = [word for name in LISTS for word in ("--resource", name)]
    started = threading.Event()
    children: list[subprocess.Popen[str]] = []

    def stop(asked: Asked, _number: int) -> Raw | None:
        if asked.path == PATHS["agents"] and asked.query["offset"] != "0":
            started.wait()
            children[0].send_signal(sent)
        return None

    tlm.instead = stop
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), "TLM_KEY": KEY}
    with child_process(
        [*command, *only], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        children.append(child)
        started.set()
        out, talk = child.communicate()
    run_id = next((tmp_path / "data" / "landing" / "prod").glob("*/run.json")).parent.name
    assert (child.returncode, out) == (128 + sent, "")
    *_, told, last = filter(None, talk.splitlines())  # a terminal shows ^C on a line that is ended first
    assert told.endswith(f"Run {run_id} is kept as far as it came; `tlm extract --resume {run_id}` goes on.")
    assert last == "Stopped; nothing half-done was published."
    assert "Traceback" not in talk
    tlm.instead = lambda _asked, _number: None
    again = subprocess.run([*command, "--resume", run_id], env=environ, capture_output=True, text=True, check=True)
    assert again.stdout == f"{run_id}\n"
    (manifest,) = find_runs(tmp_path / "data" / "landing")
    agents = next(one for one in manifest.extracts if one.resource == "agents")
    assert (agents.status, agents.rows_received) == ("complete", 25)
