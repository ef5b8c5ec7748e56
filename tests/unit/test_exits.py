"""Every error of the tree has an exit code of the public table."""

from __future__ import annotations

import pytest

from pipeline import errors
from pipeline.exits import Exit, code_for


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.UsageError("x"), 2),
        (errors.ConfigurationError("x"), 2),
        (errors.AccessDenied("x"), 3),
        (errors.Forbidden("x", 403), 3),
        (errors.RunIncomplete("x"), 4),
        (errors.ServiceUnavailable("x"), 4),
        (errors.BuildFailed("x"), 5),
        (errors.CheckFailed("x"), 5),
        (errors.LockHeld("x"), 7),
        (errors.OutputFailed("x"), 8),
        (OSError(28, "No space left on device"), 8),
        (ZeroDivisionError(), 70),
    ],
)
def test_an_error_has_the_documented_code(error: BaseException, code: int) -> None:
    """The map from error to code is the one that scripts rely on."""
    assert code_for(error) == code


def test_no_error_of_ours_is_taken_for_a_bug() -> None:
    """A new class in the tree must be given a code."""

    def leaves(kind: type[errors.TlmError]) -> list[type[errors.TlmError]]:
        below = kind.__subclasses__()
        return [kind] if not below else [leaf for child in below for leaf in leaves(child)]

    for kind in leaves(errors.TlmError):
        error = kind("x", 400) if issubclass(kind, errors.Refused) else kind("x")  # type: ignore[call-arg]
        assert code_for(error) is not Exit.BUG, kind
