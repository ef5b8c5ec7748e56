"""Drift in the data as a user meets it: a line in the log, or the end of the build; the published file stays as it was."""

from __future__ import annotations

from collections.abc import Callable

from place import Place

from pipeline.sandbox.faults import Fault
from pipeline.sandbox.plan import Plan
from pipeline.sandbox.serve import ThreadedSandbox

Start = Callable[[Plan], ThreadedSandbox]
PLAN = Plan(endpoints=60, weeks=1, shares={"prod": 1.0})
RETYPED = (Fault("hostile-retyped", calls=("endpoints.automatable",), amount=1),)


def test_retyped_values_are_told_or_stop_the_build_by_policy(place: Place, sandbox_of: Start) -> None:
    """By default one warning; with `values = "fail"` exit 5, one sentence with what, where, how often, and what next."""
    sandbox = sandbox_of(PLAN)
    place.configure(sandbox.base_url, sandbox.keys)
    assert place.tlm("run", "daily")[0] == 0
    before = place.database.read_bytes()
    sandbox.change_faults(RETYPED)
    assert place.tlm("extract")[0] == 0
    (place.folder / "policy.toml").write_text('[drift]\nvalues = "fail"\n', encoding="utf-8")
    code, _, err = place.tlm("build")
    (line,) = [line for line in err.splitlines() if line.startswith("tlm: ")]
    assert code == 5
    assert "account prod, endpoints.automatable: host_name retyped" in line
    assert 'set values = "warn" under [drift] in policy.toml' in line
    assert place.database.read_bytes() == before
    (place.folder / "policy.toml").unlink()
    code, _, err = place.tlm("build")
    assert code == 0
    (line,) = [line for line in err.splitlines() if "Drift in run" in line]
    assert "retyped; first account prod, endpoints.automatable: host_name retyped" in line
