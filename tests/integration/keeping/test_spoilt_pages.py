"""Pages that are not as they were landed: never loaded, and what the sentence advises works."""

from __future__ import annotations

import shutil
from typing import Any

import pytest


@pytest.mark.parametrize("is_published", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_spoilt_page_stops_and_moving_its_run_away_helps(kept: Any, is_published: bool) -> None:
    """Exit 5 and the old file stays; without the run of that account the build passes, the rebuild once the loss is accepted."""
    kept.arrive()
    if is_published:
        assert kept.tlm("build")[0] == 0
    command = ("rebuild",) if is_published else ("build",)
    before = kept.database.read_bytes()
    run = kept.landing / "prod" / kept.ids[-1]
    part = next((run / "endpoints.discovered").glob("part-*"))
    part.write_bytes(b"garbage\n")
    code, _, err = kept.tlm(*command)
    said = err.strip().splitlines()[-1]
    assert (code, f"{part} is not what was landed" in said, f"move {run} away" in said) == (5, True, True), said
    assert kept.database.read_bytes() == before
    shutil.move(run, kept.folder / "away")
    if is_published:
        code, _, err = kept.tlm(*command)
        assert (code, "--accept-shrink" in err) == (2, True), err
        command = ("rebuild", "--accept-shrink")
    code, _, err = kept.tlm(*command)
    assert code == 0, err
