"""Progress bars on stderr, on a terminal only; elsewhere nothing, so that logs stay logs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

OnPage = Callable[[str, str, int, int | None], None]
"""Called after each page with account, resource, items received so far, and the API's total (None: unknown)."""


_NUMBERS = 26
"""What `1234567/1234567`, the time and the blanks between need."""
_NAME = 44
"""What the longest resource and an account of 22 letters need; then the bar may grow."""


def bar_width(width: int) -> int:
    """Of a line of `width`: a bar of 10 at least, and of 40 where there is room."""
    return min(40, max(10, width - _NUMBERS - _NAME))


def bar_name(account: str, resource: str, width: int) -> str:
    """The name of a bar on a line of `width`; what is too long loses the account's end, never the resource."""
    room = max(1, width - _NUMBERS - bar_width(width) - len(resource) - 1)
    shown = account if len(account) <= room else f"{account[: room - 1]}\u2026"
    return f"{shown} {resource}"


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

    console = Console(stderr=True)
    bar = BarColumn(bar_width(console.width))
    columns = (TextColumn("{task.description}"), bar, MofNCompleteColumn(), TimeElapsedColumn())
    # Gone when done: what came is said in one line of the log.
    with Progress(*columns, console=console, transient=True) as progress:
        tasks: dict[tuple[str, str], TaskID] = {}

        def show(account: str, resource: str, received: int, total: int | None) -> None:
            key = (account, resource)
            if key not in tasks:
                tasks[key] = progress.add_task(bar_name(account, resource, console.width), total=total)
            progress.update(tasks[key], completed=received, total=total)

        yield show
