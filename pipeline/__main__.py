"""Entry point of the command `tlm` and of `python -m pipeline`."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

_SIGNALLED = 128  # and the signal's number is what a shell or a service manager expects


def main() -> None:
    """Run the command line and leave with its exit code; SIGTERM (systemd, docker stop) ends it as Ctrl-C does."""
    _open_what_is_closed()
    terminations: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        terminations.append(number)
        interrupt = signal.getsignal(signal.SIGINT)  # while an extraction runs, that of its event loop
        if callable(interrupt):
            interrupt(signal.SIGINT, frame)
        else:  # ignored, as a shell starts what it puts into the background
            raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    try:
        from pipeline.cli import run  # noqa: PLC0415 -- Ctrl-C while it is loaded is heard too

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # then, or once more when all was over
        code = _SIGNALLED + signal.SIGINT
    for number in (signal.SIGINT, signal.SIGTERM):
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)  # now it ends the process without a word
    _give_up_what_is_left()
    is_terminated = terminations and code == _SIGNALLED + signal.SIGINT
    sys.exit(_SIGNALLED + signal.SIGTERM if is_terminated else code)


def _give_up_what_is_left() -> None:
    """What cannot be written (a full disk, no reader) is lost. Python would try again, and exit with 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _open_what_is_closed() -> None:
    """What was closed for us (`>&-`) is read from and written to nowhere; else the next file opened would be stdout."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: that of what is closed
            setattr(sys, name, os.fdopen(descriptor, "w" if number else "r"))


if __name__ == "__main__":
    main()
