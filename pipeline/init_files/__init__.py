"""`tlm init`: the commented configuration files that a new folder starts with; every value in them is the default."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Literal

from pipeline.errors import OutputFailed

NAMES = ("tlm.toml", "policy.toml", "waivers.csv")


def template(name: str) -> str:
    """The text of one of NAMES."""
    return (files(__package__) / name).read_text(encoding="utf-8")


def write_initial_files(folder: Path) -> list[tuple[Path, Literal["written", "kept"]]]:
    """Write the files that are missing in `folder`; one that exists is kept as it is. Raises OutputFailed."""
    done: list[tuple[Path, Literal["written", "kept"]]] = []
    for name in NAMES:
        path = folder / name
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(template(name))
        except FileExistsError:
            done.append((path, "kept"))
        except OSError as error:
            msg = (
                f"{path} could not be written ({error.strerror or error}); run `tlm init` in a folder you may write to."
            )
            raise OutputFailed(msg) from None
        else:
            done.append((path, "written"))
    return done
