"""The lists as the faults have them: rows that come and go, strange items, other forms of paging. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import overload

from pipeline.api.contract import BY_NAME, Paging
from pipeline.sandbox.chance import Dice
from pipeline.sandbox.faults import Family, Fault, Turn
from pipeline.sandbox.hostile import is_chosen, make_hostile, make_sibling, without
from pipeline.sandbox.snapshot import Snapshot

DEFAULT_LIMIT = 20
_DRIFTS = 4  # how many different totals a list tells whose total never comes to rest


class Shifted(Sequence[bytes]):
    """A list whose rows come and go: places in the original list, and new items."""

    def __init__(self, original: Sequence[bytes]) -> None:
        self._original = original
        self._rows: list[int | bytes] = list(range(len(original)))

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> bytes: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[bytes]: ...
    def __getitem__(self, place: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(place, slice):
            return [self._show(row) for row in self._rows[place]]
        return self._show(self._rows[place])

    def _show(self, row: int | bytes) -> bytes:
        return self._original[row] if isinstance(row, int) else row

    def insert(self, place: int, item: bytes) -> None:
        """A new row in front of a place."""
        self._rows.insert(place, item)

    def remove(self, place: int) -> None:
        """Remove the last original row up to a place, or the first after it; rows that were inserted stay."""
        before = [number for number, row in enumerate(self._rows[: place + 1]) if isinstance(row, int)]
        after = (number for number, row in enumerate(self._rows) if isinstance(row, int))
        chosen = before[-1] if before else next(after, None)
        if chosen is not None:
            del self._rows[chosen]

    def move_last(self, place: int) -> None:
        """The last row comes to stand in front of a place."""
        self._rows.insert(place, self._rows.pop())


@dataclass(frozen=True, slots=True)
class Form:
    """How a list is paged: the cap of a limit, whether it is a bare array (and whether it gives all), its total's lie.

    `lie` gives what is added to the total at the n-th request. `refusal` is the status with which positions behind the
    last item are refused, where they are; `unasked` how many items come where no limit is asked for.
    """

    cap: int
    is_bare: bool = False
    is_whole: bool = False
    lie: Callable[[int], int] = lambda _number: 0
    refusal: int | None = None
    unasked: int = DEFAULT_LIMIT


NO_FORMS: Mapping[tuple[str, str], Form] = MappingProxyType({})
"""By account and call; none: every list is paged as the API does."""


class Lists:
    """The lists of a snapshot under a set of faults; `forms`: how lists are paged without any, where not as usual."""

    def __init__(self, snapshot: Snapshot, seed: int, forms: Mapping[tuple[str, str], Form] = NO_FORMS) -> None:
        self.snapshot = snapshot
        self._seed = seed
        self._own_forms = forms
        self._shifted: dict[tuple[str, str], Shifted] = {}
        self.change_faults(())

    def change_faults(self, faults: tuple[Fault, ...]) -> None:
        """From now on these; rows that came and went stay as they are."""
        self._items = tuple(fault for fault in faults if fault.kind.family is Family.ITEM)
        self._forms = tuple(fault for fault in faults if fault.kind.family is Family.FORM)
        self._masks: dict[tuple[str, str], dict[bytes, bytes]] = {}

    def items(self, account: str, call: str) -> Sequence[bytes]:
        """The honest items that the list has now."""
        shifted = self._shifted.get((account, call))
        return self.snapshot.accounts[account].lists[call] if shifted is None else shifted

    def truth(self, account: str, call: str) -> list[bytes]:
        """The items that the list has now, as they are served."""
        return list(self.serve(account, call, self.repeat(account, call, self.items(account, call))))

    def shift(self, fault: Fault, turn: Turn, selected: Sequence[bytes]) -> None:
        """Let a row appear at, vanish from or move to a place before the furthest offset that was asked for so far.

        `selected`: the items that pass the request's filters; places and offsets are theirs.
        """
        if not selected:
            return
        key = (turn.account, turn.call)
        rows = self._shifted.get(key) or Shifted(self.items(*key))
        self._shifted[key] = rows
        dice = Dice(f"{self._seed} {fault.base} {turn.account} {turn.call} {turn.number}")
        place = int(dice.random() * min(max(turn.furthest, 1), len(selected)))
        if len(selected) != len(rows):
            place = rows.index(selected[place])
        if fault.base == "rows-inserted":
            rows.insert(place, make_sibling(rows[place], dice))
        elif fault.base == "rows-moved":
            rows.move_last(place)
        else:
            rows.remove(place)

    def repeat(self, account: str, call: str, items: Sequence[bytes]) -> Sequence[bytes]:
        """The selected items of a list, the first of them again in the middle and at the end where a fault says so.

        Of a list whose rows come and go only its first row of before, while it is the first: no row becomes three.
        """
        is_shifted = (account, call) in self._shifted
        if is_shifted and items and items[0] != self.snapshot.accounts[account].lists[call][0]:
            return items
        if items and any(f.base == "repeated-item" and f.concerns(account, call) for f in self._items):
            middle = len(items) // 2
            return [*items[:middle], items[0], *items[middle:], items[0]]
        return items

    def serve(self, account: str, call: str, items: Sequence[bytes]) -> Sequence[bytes]:
        """The items of a page as they go out."""
        faults = [fault for fault in self._items if fault.concerns(account, call)]
        if not faults:
            return items
        mask = self._mask(account, call)
        served = [mask.get(item, item) for item in items]
        for fault in faults:
            identity = BY_NAME[call].identity
            if fault.base == "no-id" and identity is not None:
                one_in = int(fault.size)
                served = [
                    without(new, identity) if new is old and is_chosen(old, one_in) else new
                    for old, new in zip(items, served, strict=True)
                ]
        return served

    def _mask(self, account: str, call: str) -> dict[bytes, bytes]:
        """What hostile items are served for which honest ones: one for each fault, spread over the list."""
        key = (account, call)
        if key not in self._masks:
            items = self.items(*key)
            names = [f.base for f in self._items if f.base.startswith("hostile") and f.concerns(*key)]
            places = [(number + 1) * len(items) // (len(names) + 1) for number in range(len(names))] if items else []
            self._masks[key] = {
                items[place]: make_hostile(name, items[place]) for place, name in zip(places, names, strict=False)
            }
        return self._masks[key]

    def form(self, account: str, call: str, cap: int) -> Form:
        """How the list is paged; `cap` is the largest limit of the API."""
        faults = [fault for fault in self._forms if fault.concerns(account, call)]
        own = self._own_forms.get((account, call)) or Form(cap, is_whole=BY_NAME[call].paging is Paging.ARRAY)
        if not faults:
            return own
        sizes = {fault.base: int(fault.size) for fault in faults}
        drifts = [fault for fault in faults if fault.base == "total-drifting"]

        def lie(number: int) -> int:
            told = sizes.get("total-high", 0) - sizes.get("total-low", 0) + sum(_drift(f, number) for f in drifts)
            return told + own.lie(number)

        return Form(
            min(own.cap, sizes.get("capped-limit", own.cap)),
            own.is_bare or "bare-arrays" in sizes or "bare-arrays-whole" in sizes,
            own.is_whole or "bare-arrays-whole" in sizes,
            lie,
            own.refusal,
            own.unasked,
        )


def _drift(fault: Fault, number: int) -> int:
    if fault.kind.is_endless:
        return 1 + number % _DRIFTS
    return max((fault.kind.times or 0 if fault.times is None else fault.times) - number + 1, 0)
