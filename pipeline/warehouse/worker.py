"""A thread that works for another one, which hears signals (Ctrl-C) all the while, whenever they come.

A signal may come between any two steps of Python. The locks of `threading` and `concurrent.futures` are taken in
Python: a signal right behind leaves them taken, and both threads wait without end. These two share queues alone, whose
`put` and `get` are one step each.
"""

from __future__ import annotations

from _thread import start_new_thread
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
_Answers = SimpleQueue[tuple[Any, BaseException | None]]
_Orders = SimpleQueue[tuple[Callable[[], Any], _Answers] | None]
# A wait without an end misses a signal that comes just before it begins (CPython's locks); one that looks up does not.
_LOOK_UP_SECONDS = 0.1


class Worker:
    """A thread that does one piece of work after the other; `interrupt` lets the one of now end early.

    It may be forgotten: its thread keeps nobody from leaving.
    """

    def __init__(self, interrupt: Callable[[], None]) -> None:
        self._interrupt = interrupt
        self._orders: _Orders = SimpleQueue()
        start_new_thread(_work_off, (self._orders,))

    def do(self, work: Callable[[], T]) -> T:
        """What `work` gives or raises. Ctrl-C, or whatever else ends the program, comes out when the thread is free."""
        answers: _Answers = SimpleQueue()
        try:
            self._orders.put((work, answers))
            while True:
                with suppress(Empty):
                    result, error = answers.get(timeout=_LOOK_UP_SECONDS)
                    break
        except BaseException:
            self.stop()
            raise
        if error is None:
            return result  # type: ignore[no-any-return]  # the queue knows no types
        try:
            raise error
        finally:
            del error  # it knows this frame, which would know it

    def stop(self) -> None:
        """Return when nothing is at work. It is told again and again: an engine forgets what comes before it begins."""
        behind: _Answers = SimpleQueue()
        self._orders.put((bool, behind))
        while True:
            self._interrupt()
            with suppress(Empty):
                behind.get(timeout=_LOOK_UP_SECONDS)
                return

    def end(self) -> None:
        """Let the thread go when it has done what it was given; nothing is given to it afterwards."""
        self._orders.put(None)


def _work_off(orders: _Orders) -> None:
    while (order := orders.get()) is not None:
        work, answers = order
        try:
            answers.put((work(), None))
        except BaseException as error:  # noqa: BLE001 -- it is raised where the work was ordered
            answers.put((None, error))
        del order, work, answers  # what they know is not kept until the next order
