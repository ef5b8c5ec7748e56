"""A run that is recorded and replayed ends as it did, and nothing in the case tells whose it was."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from place import Place

from pipeline.api.contract import CALLS
from pipeline.runs.landing import read_items
from pipeline.runs.manifest import Extract, find_runs
from pipeline.sandbox.faults import Fault, read_faults
from pipeline.sandbox.plan import Plan
from pipeline.sandbox.replay import Recording
from pipeline.sandbox.serve import ThreadedSandbox

Start = Callable[[Plan | Recording], ThreadedSandbox]
HOSTILE = read_faults(
    (
        *("hostile-surrogate", "hostile-utf8", "hostile-duplicate", "hostile-retyped", "hostile-nan"),
        *("repeated-item", "no-id"),
    )
)
PLAN = Plan(endpoints=90, weeks=1, faults=HOSTILE)
NUMBERS = """
    select metric, scope, coalesce(dimension, ''), numerator, denominator, value, count(*)
    from mart.metrics
    group by all
    order by all
"""


def record(place: Place) -> Path:
    """The newest run as a case."""
    case = place.folder / "case.zip"
    code, _, err = place.tlm("sandbox", "record", "--out", str(case))
    assert code == 0, err
    return case


def replay(place: Place, case: Path, sandbox_of: Start, extra: str = "") -> Place:
    """Another user's folder, pointed at the case."""
    recording = Recording(case)
    sandbox = sandbox_of(recording)
    other = Place(place.folder / "other", place.capsys)
    other.folder.mkdir()
    other.configure(sandbox.base_url, sandbox.keys, extra)
    return other


def outcomes(place: Place) -> list[tuple[Any, ...]]:
    """How each list of the newest run ended, accounts in order."""
    runs = find_runs(place.folder / "data" / "landing")
    return [(run.status, *ended(one)) for run in runs if run.run_id == runs[-1].run_id for one in run.extracts]


def ended(one: Extract) -> tuple[Any, ...]:
    """What must be the same when it is replayed."""
    return one.resource, one.status, one.api_total_end, one.rows_received, one.rows_distinct, one.pages


def numbers(place: Place) -> list[tuple[Any, ...]]:
    """Every number of the published file, without the names it is of."""
    with duckdb.connect(str(place.database), read_only=True) as con:
        return con.execute(NUMBERS).fetchall()


def texts(value: object) -> list[str]:
    """Every text in a JSON value."""
    if isinstance(value, dict):
        return [text for one in value.values() for text in texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in texts(one)]
    return [value] if isinstance(value, str) else []


@pytest.fixture
def recorded(place: Place, sandbox_of: Start) -> Path:
    """A run of two accounts with every kind of hostile item, and the case that was made of it."""
    sandbox = sandbox_of(PLAN)
    place.configure(sandbox.base_url, sandbox.keys, "page_size = 20\n")
    code, _, err = place.tlm("extract")
    assert code == 0, err
    return record(place)


def test_a_replayed_run_ends_as_it_did(place: Place, recorded: Path, sandbox_of: Start) -> None:
    """Every list has the rows, the different ids, the pages and the status that the owner's had."""
    other = replay(place, recorded, sandbox_of, "page_size = 20\n")
    assert other.tlm("extract")[0] == 0
    assert outcomes(other) == outcomes(place)


@pytest.mark.slow
def test_a_replayed_run_gives_the_same_numbers(place: Place, recorded: Path, sandbox_of: Start) -> None:
    """Every join of the models finds what it found before the names were replaced: all metrics are equal."""
    other = replay(place, recorded, sandbox_of, "page_size = 20\n")
    assert other.tlm("extract")[0] == 0
    for one in (place, other):
        code, _, err = one.tlm("build")
        assert code == 0, err
    assert numbers(other) == numbers(place)
    assert len(numbers(place)) > 300


def test_no_name_of_the_account_is_in_the_case(place: Place, recorded: Path) -> None:
    """Whatever stands in any field of any item is searched for, whole and word by word: only listed words are found."""
    with zipfile.ZipFile(recorded) as case:
        kept = set(re.findall(r"[^\W_]+", case.read("kept.txt").decode().lower()))
        everything = "\n".join(case.read(name).decode("utf-8", "surrogateescape") for name in case.namelist()).lower()
        lists = [case.read(name) for name in case.namelist() if name.endswith(".ndjson")]
    shown = {word for line in b"".join(lists).splitlines() for text in read(line) for word in words(text)}
    kept |= {word for call in CALLS for one in call.fields for word in one.name.split("_")}  # names in JSON texts
    names = {"prod", "apac", "127.0.0.1"}
    for part in (place.folder / "data" / "landing").glob("**/*.ndjson.zst"):
        for line in read_items(part):
            names.update(text.lower() for text in read(line))
    original = {word for name in names for word in words(name)}
    assert len(original) > 700
    assert (original & shown) - kept == set()
    long = [name for name in names if len(name) > 8 and not set(words(name)) <= kept and not name[:4].isdecimal()]
    assert len(long) > 600
    assert [name for name in long if name in everything] == []
    assert recorded.stat().st_mode & 0o777 == 0o600


def read(line: bytes) -> list[str]:
    """Every text of an item; of one that no reader takes, none."""
    try:
        return texts(msgspec.json.decode(line))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []


def words(text: str) -> list[str]:
    """Its words of four and more letters, addresses and GUIDs in one piece, in lower case."""
    return re.findall(
        r"\d+(?:\.\d+){3}|[0-9a-f]{8}(?:-[0-9a-f]{4,12}){4}|(?!\d+\b)[^\W_]{4,}",
        re.sub(r"\d{4}-\d\d-\d\d\S*", "", text).lower(),
    )


@pytest.mark.parametrize(
    ("faults", "code"),
    [
        ((Fault("total-high", calls=("endpoints.discovered", "audit_log")),), 4),
        ((Fault("absent", calls=("agents",)), Fault("bare-arrays-whole", calls=("endpoints.unsecured",))), 0),
        ((Fault("forbidden", after=3), Fault("bare-arrays", calls=("certificates",))), 3),
        ((Fault("503-forever", calls=("endpoints.discovered",), after=1),), 4),
    ],
    ids=["total-high", "absent-bare-whole", "forbidden-bare", "broken-off"],
)
def test_a_run_that_was_not_whole_is_not_whole_again(
    place: Place, sandbox_of: Start, faults: tuple[Fault, ...], code: int
) -> None:
    """Lists that were short, refused, broken off or bare arrays come to the same end, with the same exit code."""
    sandbox = sandbox_of(Plan(endpoints=45, weeks=1, shares={"prod": 1.0}, faults=faults))
    place.configure(sandbox.base_url, sandbox.keys, "page_size = 20\n")
    assert place.tlm("extract")[0] == code
    case = record(place)
    with zipfile.ZipFile(case) as file:
        reasons = re.findall(r'"reason": "(.*)"', file.read("case.json").decode())
    assert not [one for one in reasons if "answered" in one and not re.fullmatch(r"answered \d{3}", one)]
    assert not re.search(r"127\.|https?:|prod", " ".join(reasons))
    whole = {one[1] for one in outcomes(place) if one[2:] == ("complete", None, one[4], one[4], 1)}
    assert {name for (_, name), form in Recording(case).forms.items() if form.is_whole} >= whole
    other = replay(place, case, sandbox_of, "page_size = 20\n")
    assert other.tlm("extract")[0] == code
    places = (0, 1, 2, 5) if code != 3 else (0, 1, 2)  # how far the others came when one was refused is chance
    before, after = ([tuple(one[place] for place in places) for one in outcomes(of)] for of in (place, other))
    assert after == before
