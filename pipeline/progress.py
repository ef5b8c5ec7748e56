"""Progress bars on stderr, on a terminal only; elsewhere nothing, so that logs stay logs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

OnPage = Callable[[str, str, int, int | None], None]
"""Called after each page with account, resource, items received so far, and the API's total (None: unknown)."""


@contextmanager
def page_bars(*, enabled: bool) -> Iterator[OnPage]:
    """A callback that draws one bar for each account and resource."""
    if not (enabled and sys.stderr.isatty()):
        yield lambda _account, _resource, _received, _total: None
        return
    from rich.console import Console  # noqa: PLC0415 -- 40 ms that only a person at a terminal pays
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (TextColumn("{task.description:<34}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # Gone when done: what came is said in one line of the log.
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        tasks: dict[tuple[str, str], TaskID] = {}

        def show(account: str, resource: str, received: int, total: int | None) -> None:
            key = (account, resource)
            if key not in tasks:
                tasks[key] = progress.add_task(f"{account} {resource}", total=total)
            progress.update(tasks[key], completed=received, total=total)

        yield show
