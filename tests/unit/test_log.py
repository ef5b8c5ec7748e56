"""Secrets never reach a log line."""

from __future__ import annotations

import logging

import pytest

from pipeline.log import configure, mask, register_secret


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


def test_a_line_break_in_a_name_begins_no_other_event(capsys: pytest.CaptureFixture[str]) -> None:
    """What is told of names is one line; SQL at debug level is shown as it was sent."""
    configure(verbose=True)
    logger = logging.getLogger("pipeline.test")
    logger.warning("unit %s", "Retail\nINFO forged\u2028line")
    logger.debug("select 1\nfrom x")
    told, *sent = capsys.readouterr().err.splitlines()
    assert told.endswith(" WARNING unit Retail INFO forged line")
    assert [line[-8:] for line in sent] == ["select 1", "from x"]
