"""The user's own models as a step of a build: apart from ours, and only then copied in."""

from __future__ import annotations

from pathlib import Path

from pipeline import places
from pipeline.transform.checks import Outcome
from pipeline.transform.custom import (
    adopt_custom_models,
    bring_kept,
    build_custom_models,
    plan_custom_models,
    refuse_wrong_models,
)
from pipeline.transform.custom_metrics import forget_custom_metrics
from pipeline.warehouse.duck import Warehouse
from pipeline.warehouse.publish import Build, work_apart


def refuse_mistakes(warehouse: Warehouse, folder: Path) -> None:
    """Before a build: BuildFailed for what is wrong in the files of `folder`/models already as they stand."""
    refuse_wrong_models(warehouse, folder / "models", places.content("sql"))


def add_custom_models(build: Build, folder: Path) -> tuple[Outcome, ...]:
    """Build the models of `folder`/models for the current run of `build`, whose connection is another one then.

    Gives the checks that warn. BuildFailed or CheckFailed names file and line; the caller throws the build away.
    """
    if build.published.exists():
        bring_kept(build.warehouse, build.published)
    run_id = str(build.warehouse.rows("select run_id from meta.current_run")[0][0])
    forget_custom_metrics(build.warehouse, run_id)  # of an earlier build of this run: no model may count them
    custom = plan_custom_models(build.warehouse, folder / "models")
    outcomes = work_apart(build, lambda apart: build_custom_models(apart, custom, run_id)) if custom.models else ()
    adopt_custom_models(build.warehouse, custom, outcomes, build.apart, run_id)
    return tuple(outcome for outcome in outcomes if outcome.failing_rows)
