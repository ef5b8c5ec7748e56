"""Secrets never reach a log line."""

from __future__ import annotations

from pipeline.log import mask, register_secret


def test_a_registered_secret_is_masked_wherever_it_stands() -> None:
    """Also inside a longer text."""
    register_secret("canary-key-1234")
    assert mask("GET https://host/x?key=canary-key-1234&y=1") == "GET https://host/x?key=****&y=1"


def test_a_secret_that_begins_another_leaves_no_rest_of_it() -> None:
    """Whatever the order in which they became known."""
    for length in range(4, 40):
        register_secret("k3y-of-an-account-and-its-longer-sister"[:length])
    assert mask("k3y-of-an-account-and-its-longer-sister") == "****"


def test_a_secret_too_short_to_mask_leaves_the_log_readable() -> None:
    """Masking one letter would hide everything but the key."""
    register_secret("a")
    assert mask("a page of data") == "a page of data"


def test_what_would_steer_a_terminal_does_not_reach_it() -> None:
    """A name may hold the codes that clear a screen; line breaks of a traceback stay."""
    assert mask("a \x1b[2J\x9b name\n  below") == "a \ufffd[2J\ufffd name\n  below"
