"""Every error of the pipeline, sorted by what the caller should do.

    TlmError
    ├── Stop                    nothing more can be done in this invocation
    │   ├── UsageError          a command, run, action or flag that does not exist or does not fit
    │   ├── ConfigurationError  a setting is missing, unknown or of the wrong type
    │   ├── ContractContradicted  the instance's own document says otherwise than a required call of the contract
    │   ├── AccessDenied        401, or 403 / 404 on a required resource
    │   ├── RunIncomplete       the counts of a run do not add up, or the service could not be reached
    │   ├── BuildFailed         a model, a macro or a seed is wrong, or the engine refused it
    │   │   ├── EngineRefused   one statement was refused by the engine
    │   │   └── CheckFailed     a check found rows that must not exist
    │   ├── LockHeld            another run is at work on the same data folder
    │   └── OutputFailed        a file could not be written, rendered or moved into place
    │       └── OutOfMemory     the engine would need more memory than it may have, and this does not spill
    ├── TryAgain                the same request may succeed later
    │   ├── RateLimited         429, or 503 with Retry-After
    │   └── ServiceUnavailable  no connection, a time-out, any other 5xx, or a reply that is not the API's
    ├── Unreachable             nothing gets through to the service before somebody has changed that
    │   ├── NotTrusted          one side does not accept the other's certificate
    │   └── ProxyRefused        the proxy opens no tunnel (3xx, 4xx) until that is changed
    └── Refused                 this one resource cannot be had; the run goes on where it may
        ├── Unauthorized        401: the key itself is not accepted
        ├── Forbidden           403: the key is known and lacks the role
        ├── NotFound            404: the feature is not enabled, or the path is wrong
        └── RequestRejected     any other 3xx or 4xx, and 501

A message is one sentence: what happened, where, and what to do next.
"""

from __future__ import annotations


class TlmError(Exception):
    """Root of the tree; `str(error)` is the sentence for the user."""


class Stop(TlmError):
    """Nothing more can be done in this invocation; `run_id` is the run that it leaves behind, where there is one."""

    def __init__(self, message: str, run_id: str | None = None) -> None:
        super().__init__(message)
        self.run_id = run_id


class UsageError(Stop):
    """A command, run, action or flag that does not exist or does not fit."""


class ConfigurationError(Stop):
    """A setting is missing, unknown or of the wrong type; names the key, the place and every place looked at."""


class ContractContradicted(Stop):
    """The instance's own OpenAPI document contradicts a required call; says which, how, and the override to write."""


class AccessDenied(Stop):
    """401, or 403 / 404 on a required resource; names the account, the resource, and what is missing."""


class RunIncomplete(Stop):
    """The counts of a run do not add up, or the service could not be reached after all retries."""


class BuildFailed(Stop):
    """A model, a macro or a seed is wrong (file and line named), or the engine refused it."""


class EngineRefused(BuildFailed):
    """The engine refused one statement; `line` is the line of that statement where the engine says so."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


class CheckFailed(BuildFailed):
    """A check found rows that must not exist; shows three of them."""


class LockHeld(Stop):
    """Another run is at work on the same data folder."""


class OutputFailed(Stop):
    """A file could not be written, rendered or moved into place; nothing half-written stays."""


class OutOfMemory(OutputFailed):
    """The engine would need more memory than it may have, for something that it cannot spill."""


class TryAgain(TlmError):
    """The same request may succeed later.

    `retry_after_seconds` is what the service asked for, or None where it did not say.
    """

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class RateLimited(TryAgain):
    """429, or 503 with Retry-After."""


class ServiceUnavailable(TryAgain):
    """No connection, a time-out, any other 5xx, or a reply that is not the API's (HTML, cut-off JSON)."""


class Unreachable(TlmError):
    """Nothing gets through to the service; asking again changes nothing before somebody has done so."""


class NotTrusted(Unreachable):
    """One side does not accept the other's certificate."""


class ProxyRefused(Unreachable):
    """The proxy opens no tunnel: it wants a user and a password (407), or lets us not through (other 3xx, 4xx)."""


class Refused(TlmError):
    """One resource cannot be had; `status` is the HTTP status, `code` the API's machine code where it gave one."""

    def __init__(self, message: str, status: int, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Unauthorized(Refused):
    """401: the key itself is not accepted."""


class Forbidden(Refused):
    """403: the key is known and lacks the role."""


class NotFound(Refused):
    """404: the feature is not enabled on the account, or the path is wrong."""


class RequestRejected(Refused):
    """Any other 4xx."""


def reason_of(error: Exception) -> str:
    """An error of the system or of a parser as half a sentence: without the number and the path that ours names."""
    if isinstance(error, UnicodeDecodeError):
        line = error.object.count(b"\n", 0, error.start) + 1
        return f"line {line} is not UTF-8 text"
    return (error.strerror if isinstance(error, OSError) and error.strerror else str(error)).rstrip(".!")
