"""An extraction from the sandbox as a user runs it, and what it left in the landing zone beside what it should have."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pipeline.runs.landing import JOURNAL, JournalLine, read_items
from pipeline.runs.manifest import Extract, Manifest, find_runs
from pipeline.sandbox.serve import ThreadedSandbox

LISTS = (
    "endpoints.automatable",
    "endpoints.unsecured",
    "endpoints.discovered",
    "automation_inventory",
    "certificates",
    "profiles",
)
ACCOUNT = "prod"
_CHILD = Path(__file__).with_name("killed_extract.py")


@dataclass
class Extraction:
    """A user's folder with a configuration for the sandbox; pages are small, so that small estates have many."""

    folder: Path
    sandbox: ThreadedSandbox
    page_size: int = 20
    lists: tuple[str, ...] = LISTS

    def __post_init__(self) -> None:
        key = self.folder / "prod.key"
        key.touch(mode=0o600)
        key.write_text(self.sandbox.keys[ACCOUNT], encoding="utf-8")
        self.configure()

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "tlm.toml"

    @property
    def landing(self) -> Path:
        """The account's part of the landing zone."""
        return self.folder / "data" / "landing" / ACCOUNT

    def configure(self, account: str = "", extract: str = "") -> None:
        """Write the configuration, with more lines in the account and in [extract]."""
        names = ", ".join(f'"{name}"' for name in self.lists)
        self.config.write_text(
            f'[[accounts]]\nname = "{ACCOUNT}"\nbase_url = "{self.sandbox.base_url}"\n'
            f'api_key = {{ file = "prod.key" }}\n{account}\n'
            f"[extract]\npage_size = {self.page_size}\nrequests_per_second = 10000\nconcurrency = 4\n"
            f"resources = [{names}]\n{extract}\n",
            encoding="utf-8",
        )

    def extract(self, *words: str, die_at: int = 0, share: float = 0.0) -> subprocess.CompletedProcess[str]:
        """`tlm extract WORDS` in a process of its own, killed at that write when it is not 0."""
        command = [sys.executable, str(_CHILD), str(self.config), str(die_at), str(share), "extract", *words]
        path = os.pathsep.join([str(_CHILD.parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = {**os.environ, "PYTHONPATH": path}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    def run_id(self) -> str:
        """The newest run in the landing zone, finished or not."""
        return max(path.name for path in self.landing.iterdir() if path.name != "events")

    def manifest(self) -> Manifest:
        """The newest manifest."""
        return find_runs(self.landing.parent, ACCOUNT)[-1]

    def outcome(self, resource: str) -> Extract:
        """What it says of a resource."""
        return next(one for one in self.manifest().extracts if one.resource == resource)

    def landed(self, resource: str) -> list[bytes]:
        """The lines of a resource that the manifest names."""
        folder = self.landing / self.run_id() / resource
        return [line for part in self.outcome(resource).parts for line in read_items(folder / part.name)]

    def pages_on_disk(self) -> set[tuple[str, int]]:
        """(resource, offset) of each page that a journal names."""
        found = set()
        for journal in (self.landing / self.run_id()).glob(f"*/{JOURNAL}"):
            for text in journal.read_bytes().split(b"\n")[:-1]:
                found.add((journal.parent.name, msgspec.json.decode(text, type=JournalLine).offset))
        return found

    def truth(self) -> dict[str, list[bytes]]:
        """What each list holds now."""
        return {name: self.sandbox.truth(ACCOUNT, name) for name in LISTS}

    def pages_asked(self, since: int = 0) -> Counter[tuple[str, int]]:
        """How often each (resource, offset) was answered undamaged, from request number `since` on."""
        return Counter((one.call, one.offset or 0) for one in self.sandbox.requests()[since:] if one.is_served)

    def check(self, before: dict[str, list[bytes]], *, has_moved: bool = False) -> list[str]:
        """The complete lists, each with every item that stayed exactly once and none that never was; reasons of others.

        A row that changed its place may have come twice, before and behind: then it was received twice.
        """
        after = self.truth()
        reasons = []
        for name in LISTS:
            one = self.outcome(name)
            if one.status != "complete":
                assert one.reason, name
                reasons.append(f"{name}: {one.reason}")
                continue
            rows = Counter(map(_identity, self.landed(name)))
            held, holds = Counter(map(_identity, before[name])), Counter(map(_identity, after[name]))
            missing = [key for key, times in (held & holds).items() if rows[key] < min(times, 1)]
            assert missing == [], (name, one.reason)
            doubled = [key for key, times in rows.items() if times > max(held[key], holds[key], 1)]
            assert has_moved or doubled == [], (name, one.reason)
            assert [key for key in rows if key not in held and key not in holds] == [], name
            assert (one.rows_received, one.rows_distinct) == (sum(rows.values()), len(rows))
        return reasons


def _identity(item: bytes) -> bytes:
    try:
        found = json.loads(item.decode("utf-8", "replace"), strict=False)
    except ValueError:
        return item
    return str(found.get("id") or found.get("guid") or "").encode("utf-8", "replace") or item
