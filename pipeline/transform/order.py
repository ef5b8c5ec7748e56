"""The order in which models are built: what is read comes first, equals by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

from pipeline.errors import BuildFailed


def build_order(reads: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    """Names so that each comes after what it reads.

    `reads` is name -> (what it reads -> the place in its file that says so). What is read and is no name itself is
    given, and left out. Stable: among what could come next, the first by name does. BuildFailed names a circle.
    """
    waiting = {name: {read for read in reads[name] if read in reads} for name in sorted(reads)}
    ordered: list[str] = []
    while waiting:
        ready = next((name for name, before in waiting.items() if not before), None)
        if ready is None:
            raise BuildFailed(_circle(waiting, reads))
        del waiting[ready]
        ordered.append(ready)
        for before in waiting.values():
            before.discard(ready)
    return tuple(ordered)


def with_reads(names: Iterable[str], reads: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """`names` and everything they read, directly or not, as far as it is a name in `reads`."""
    found: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name in reads and name not in found:
            found.add(name)
            todo.extend(reads[name])
    return frozenset(found)


def _circle(waiting: Mapping[str, set[str]], reads: Mapping[str, Mapping[str, str]]) -> str:
    """The sentence about one circle among names that all wait for another: walk until a name comes again."""
    path = [next(iter(waiting))]
    while (following := min(waiting[path[-1]])) not in path:
        path.append(following)
    circle = [*path[path.index(following) :], following]
    steps = (f"{name} reads {read} ({reads[name][read]})" for name, read in pairwise(circle))
    return f"Models read each other in a circle: {'; '.join(steps)}; break it at one of them."
