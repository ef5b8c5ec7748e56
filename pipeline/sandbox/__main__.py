"""The child process of `Sandbox`; its arguments are the plan as JSON and the week: see `serve.run_child`."""

from __future__ import annotations

import gc
import sys

import msgspec

from pipeline.sandbox.plan import Plan
from pipeline.sandbox.serve import run_child

if __name__ == "__main__":
    # An estate is millions of objects that stay; to look through them for garbage costs a fifth of the start.
    gc.set_threshold(200_000)
    run_child(msgspec.json.decode(sys.argv[1], type=Plan), int(sys.argv[2]), sys.stdin.buffer, sys.stdout.buffer)
