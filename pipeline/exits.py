"""Exit codes of `tlm`, and the one map from error to code."""

from __future__ import annotations

from enum import IntEnum

from pipeline import errors


class Exit(IntEnum):
    """What the shell sees; the meaning of each number is public."""

    DONE = 0
    THRESHOLD_CROSSED = 1
    USAGE = 2
    ACCESS = 3
    INCOMPLETE = 4
    BUILD = 5
    BULK_IN_PART = 6
    LOCKED = 7
    OUTPUT = 8
    BUG = 70


_CODES: tuple[tuple[type[BaseException], Exit], ...] = (
    (errors.UsageError, Exit.USAGE),
    (errors.ConfigurationError, Exit.USAGE),
    (errors.ContractContradicted, Exit.USAGE),
    (errors.AccessDenied, Exit.ACCESS),
    (errors.Refused, Exit.ACCESS),
    (errors.RunIncomplete, Exit.INCOMPLETE),
    (errors.TryAgain, Exit.INCOMPLETE),
    (errors.Unreachable, Exit.INCOMPLETE),
    (errors.BuildFailed, Exit.BUILD),
    (errors.LockHeld, Exit.LOCKED),
    (errors.OutputFailed, Exit.OUTPUT),
    (OSError, Exit.OUTPUT),  # a disk that is full or a folder that is not writable, met outside a stage
)


def code_for(error: BaseException) -> Exit:
    """The exit code of an error; anything unknown is a bug (70)."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), Exit.BUG)
