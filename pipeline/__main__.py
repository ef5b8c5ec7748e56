"""Entry point of the command `tlm` and of `python -m pipeline`."""

from __future__ import annotations

import signal
import sys
from types import FrameType

from pipeline.cli import INTERRUPTED, run

_TERMINATED = 143  # 128 + SIGTERM, which service managers know for an orderly end


def main() -> None:
    """Run the command line and leave with its exit code; SIGTERM (systemd, docker stop) ends it as Ctrl-C does."""
    terminations: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        terminations.append(number)
        interrupt = signal.getsignal(signal.SIGINT)  # while an extraction runs, that of its event loop
        if callable(interrupt):
            interrupt(signal.SIGINT, frame)
        else:  # ignored, as a shell starts what it puts into the background
            raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    code = run(sys.argv[1:])
    sys.exit(_TERMINATED if terminations and code == INTERRUPTED else code)


if __name__ == "__main__":
    main()
