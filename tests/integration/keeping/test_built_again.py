"""A run that is built once more: no event is lost, and what the user's own models kept is replaced for that run alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from pipeline.runs.landing import LandedPage, ResourceLanding
from pipeline.runs.manifest import read_manifest, write_manifest

KEPT = "select account, event_id, run_id from core.audit_events order by all"


def land_events(kept: Any, run: str, days: int, ids: tuple[str, ...]) -> str:
    """A run of prod of the audit log alone, `days` after `run`; its id."""
    folder = kept.landing / "prod"
    like = read_manifest(folder / run / "manifest.json")
    at = like.as_of_at + timedelta(days=days)
    alone = f"{at:%Y%m%dT%H%M%SZ}-abcdef"
    body = msgspec.json.encode([{"id": name, "timestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}"} for name in ids])
    landing = ResourceLanding(folder, alone, "audit_log", lambda items: [f"{at:%Y-%m-%d}"] * len(items))
    items = msgspec.json.decode(body, type=list[msgspec.Raw])
    landing.write([LandedPage(0, len(items), items, body)])
    extract = msgspec.structs.replace(
        next(one for one in like.extracts if one.resource == "audit_log"),
        rows_received=len(ids),
        rows_distinct=len(ids),
        parts=landing.parts(),
    )
    said = {"run_id": alone, "as_of_at": at, "status": "incomplete", "reason": "agents: not asked for"}
    write_manifest(folder / alone, msgspec.structs.replace(like, extracts=(extract,), **said))
    return alone


def test_a_changed_policy_loses_no_event(kept: Any) -> None:
    """Events of a run of the audit log alone, which came along with the newest run, are still there, as they were."""
    land_events(kept, kept.ids[3], 2, ("alone-1", "alone-2", "alone-3"))
    kept.arrive()
    assert kept.tlm("build")[0] == 0
    before = kept.rows(KEPT)
    assert sum(name.startswith("alone") for _, name, _ in before) == 3
    drift = kept.rows("from meta.drift order by all")
    (kept.folder / "policy.toml").write_text("renew_days = 20\n")
    code, _, err = kept.tlm("build")
    assert (code, f"run {kept.ids[-1]} is built once more" in err) == (0, True), err
    assert kept.rows(KEPT) == before
    assert kept.rows("from meta.drift order by all") == drift
    assert kept.rows("select count(*) from raw.audit_log where starts_with(id, 'alone')") == [(3,)]
    assert "Nothing new" in kept.tlm("build")[1]


def test_own_models_keep_what_they_kept(kept: Any) -> None:
    """A table of any name, run_ids of any kind, a file that is gone; rows of the run itself are made anew."""
    models = kept.folder / "models"
    models.mkdir()
    words = "-- What was there.\n-- grain: a row\n-- kind: append\n-- key: name\n"
    (models / "waivers.sql").write_text(
        f"{words}select said.run_id, said.name -- words\nfrom (\n"
        "select run_id, 'newest ' || timezone as name from meta.current_run\n"
        "union all select 'job-30' as run_id, 'job' as name) as said\n"
    )
    (models / "gone.sql").write_text(f"{words}select run_id, 'gone' as name -- words\nfrom meta.current_run\n")
    assert kept.tlm("build")[0] == 0
    (models / "gone.sql").unlink()
    (kept.folder / "policy.toml").write_text("renew_days = 20\n")
    config = kept.folder / "tlm.toml"
    config.write_text(config.read_text().replace("Europe/Berlin", "Pacific/Auckland"))
    code, _, err = kept.tlm("build")
    assert code == 0, err
    assert kept.rows("from custom.waivers order by all") == [
        (kept.ids[3], "newest Pacific/Auckland"),
        ("job-30", "job"),
    ]
    assert kept.rows("from custom.gone") == [(kept.ids[3], "gone")]
