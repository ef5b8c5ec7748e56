"""Audit events of runs whose pages are gone: they outlive them, and come into a new database with the next run.

An event says which endpoint it is about by the endpoints of the run that brings it, so they wait for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from pipeline.load.raw import load_run
from pipeline.runs.manifest import Manifest
from pipeline.warehouse.duck import Warehouse

AUDIT_LOG = "audit_log"


def set_events_aside(warehouse: Warehouse, landing: Path, pruned: Sequence[Manifest]) -> None:
    """Load the events of runs of one account into a table of their own; the rows of the account in raw.* are gone then.

    The runs leave no record: they are not in this database. BuildFailed names account, file and line.
    """
    warehouse.execute("create or replace temp table events_aside as select * from raw.audit_log limit 0")
    for manifest in pruned:
        events = tuple(one for one in manifest.extracts if one.resource == AUDIT_LOG)
        load_run(warehouse, landing, msgspec.structs.replace(manifest, extracts=events))
        who = [manifest.run_id, manifest.account]
        warehouse.execute("insert into temp.main.events_aside select * from raw.audit_log where account = ?", who[1:])
        for table in ("meta.runs", "meta.extracts", "meta.drift"):
            warehouse.execute(f"delete from {table} where run_id = ? and account = ?", who)


def bring_events(warehouse: Warehouse, account: str) -> None:
    """Put what was set aside behind the events of the run that is loaded, in the order of the runs that read them."""
    warehouse.execute(
        "insert into raw.audit_log by name select * replace ("
        " row_number() over (order by run_id, received_no)"
        " + (select coalesce(max(received_no), 0) from raw.audit_log where account = ?) as received_no)"
        " from temp.main.events_aside",
        (account,),
    )
    warehouse.execute("drop table temp.main.events_aside")
