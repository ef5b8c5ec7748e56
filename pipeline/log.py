"""Talk goes to stderr, one line an event; registered secrets never appear in it."""

from __future__ import annotations

import logging
import re
import sys
from typing import TextIO

_SECRETS: set[str] = set()
_MASK = "****"
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # names come from certificates; line breaks and tabs are ours


class _MaskingFormatter(logging.Formatter):
    def __init__(self, *, dated: bool) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s" if dated else "%(message)s")

    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 -- the standard library's name
        text = super().formatMessage(record)
        return text if record.levelno == logging.DEBUG else one_line(text)  # SQL is shown as it was sent


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes to whatever sys.stderr is at that moment: progress bars put a stream of their own in its place."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:
        """The stream of now."""
        return sys.stderr

    @stream.setter
    def stream(self, _value: TextIO) -> None:
        raise AttributeError


def mask(text: str) -> str:
    """`text` as it may be shown: every registered secret is ****, and what would steer a terminal is U+FFFD."""
    for secret in sorted(_SECRETS, key=len, reverse=True):  # one may begin another: the rest of it would stay
        text = text.replace(secret, _MASK)
    return _CONTROL.sub("\ufffd", text)


def one_line(text: str) -> str:
    """`text` masked and as one line: a line break in a name must not look like another event."""
    return mask(" ".join(text.splitlines()))


def register_secret(secret: str) -> None:
    """From now on `secret` is masked in every line; shorter than 4 characters is not a secret that can be masked."""
    if len(secret) >= 4:  # masking "a" would hide the log, not the key
        _SECRETS.add(secret)


def configure(*, quiet: bool = False, verbose: bool = False) -> None:
    """Set the level of the package's logger: warnings only (quiet), events (default), requests too (verbose)."""
    handler = _Stderr()
    handler.setFormatter(_MaskingFormatter(dated=not sys.stderr.isatty()))
    logger = logging.getLogger("pipeline")
    logger.handlers[:] = [handler]
    logger.propagate = False
    logger.setLevel(logging.WARNING if quiet else logging.DEBUG if verbose else logging.INFO)
