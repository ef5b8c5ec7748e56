"""The same lists through dlt at its best settings, in dlt's own venv: `python with_dlt.py FOLDER URL COUNT`.

Nested fields stay JSON (nesting 0) and the loader files are parquet; wall and CPU seconds are from after the imports,
its children included. Prints them as JSON.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}

import dlt
from dlt.sources.rest_api import rest_api_source


def main() -> None:
    """Load COUNT records of the list at URL into a new DuckDB file."""
    folder, url, count = Path(sys.argv[1]), urlsplit(sys.argv[2]), int(sys.argv[3])
    began, cpu = time.perf_counter(), time.process_time()
    paginator = {"type": "offset", "limit": 1000, "total_path": "total", "maximum_offset": count}
    source = rest_api_source(
        {
            "client": {"base_url": f"{url.scheme}://{url.netloc}", "paginator": paginator},
            "resources": [{"name": "items", "endpoint": {"path": url.path, "data_selector": "items"}}],
        },
        max_table_nesting=0,
    )
    target = dlt.destinations.duckdb(str(folder / "dlt.duckdb"))
    pipeline = dlt.pipeline("bench", pipelines_dir=str(folder / "state"), destination=target, dataset_name="bench")
    pipeline.run(source, loader_file_format="parquet")
    wall = time.perf_counter() - began
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = time.process_time() - cpu + children.ru_utime + children.ru_stime
    rows = _count(pipeline)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"dlt": wall, "dlt_cpu": spent, "rows": rows, "megabytes": peak}))


def _count(pipeline: dlt.Pipeline) -> int:
    with pipeline.sql_client() as client:
        return int(client.execute_sql("select count(*) from items")[0][0])


if __name__ == "__main__":
    main()
