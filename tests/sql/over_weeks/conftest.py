"""A history of some weeks as a published file."""

from __future__ import annotations

from pathlib import Path

import pytest
from model_build import Estate
from weeks import write_weeks

from pipeline.warehouse.publish import open_build, publish

PUBLISHED_WEEKS = 4
WAIVERS = """\
waiver_id,rule,scope,reason,owner,approver,expires_on
W-1,unsecured,Retail,being replaced,Ada,Bob,2026-10-10
W-2,certificate_expired,Payments,being replaced,Ada,Bob,2027-10-10
"""


@pytest.fixture(scope="package")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database after the last of four weeks."""
    folder = tmp_path_factory.mktemp("published")
    build = open_build(folder / "tlm.duckdb")
    pages = write_weeks(folder / "weeks", seed=22, weeks=PUBLISHED_WEEKS, places=200)
    (pages / "policy.toml").write_text('approved_cas = ["DigiCert"]\n', encoding="utf-8")
    (pages / "waivers.csv").write_text(WAIVERS, encoding="utf-8")
    estate = Estate(pages, build, folder / "landing")
    runs = estate.runs()
    for run in runs:
        estate.take(run, everything=run == runs[-1])
    publish(build)
    return build.published
