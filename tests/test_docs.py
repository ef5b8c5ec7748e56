"""The README tells the truth: its commands exist and run, its tree is the tree, its links lead somewhere."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.cli import tlm

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = sorted({line.split("#")[0].strip() for line in re.findall(r"^ *(tlm .+)$", README, re.MULTILINE)})


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_exists_with_its_flags(command: str) -> None:
    """Each command and each flag that the README shows is one that `--help` knows."""
    words = command.split()[1:]
    while words and words[0].startswith("--"):  # global flags with their value
        words = words[2:]
    path = []
    group = tlm
    for word in words:
        if not hasattr(group, "commands") or word not in group.commands:
            break
        path.append(word)
        group = group.commands[word]
    assert path, f"no command in: {command}"
    shown = CliRunner().invoke(tlm, [*path, "--help"])
    assert shown.exit_code == 0, shown.output
    for flag in re.findall(r"(?<= )--[a-z][a-z-]*", " ".join(words)):
        assert flag in shown.output, f"{flag} in: {command}"


def test_every_command_is_in_the_readme() -> None:
    """What the README does not name, nobody finds."""

    def leaves(group: object, path: tuple[str, ...]) -> list[str]:
        commands = getattr(group, "commands", None)
        if not commands:
            return [" ".join(path)]
        return [leaf for name, child in commands.items() for leaf in leaves(child, (*path, name))]

    missing = [leaf for leaf in leaves(tlm, ()) if f"tlm {leaf}" not in README]
    assert not missing


def test_the_tree_of_the_readme_is_the_tree() -> None:
    """Every folder that the README's tree names exists, and every folder of pipeline/ is named."""
    block = re.search(r"```text\npyproject\.toml.*?```", README, re.DOTALL)
    assert block is not None
    named = re.findall(r"^ *([a-z_]+)/", block[0], re.MULTILINE)
    folders = {path.name for path in (ROOT / "pipeline").iterdir() if path.is_dir() and not path.name.startswith("_")}
    assert folders <= set(named)
    for name in named:
        assert (ROOT / name).is_dir() or (ROOT / "pipeline" / name).is_dir() or list(ROOT.glob(f"*/{name}")), name


def test_links_and_pictures_lead_somewhere() -> None:
    """Relative links of every README point at files of the checkout."""
    for page in [path for path in ROOT.glob("**/README.md") if ".venv" not in path.parts]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page}: {target}"


def test_the_make_targets_of_the_readme_exist() -> None:
    """`make X` in the README is a target of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)`", README, re.MULTILINE)):
        assert re.search(rf"^{target[0] or target[1]}:", makefile, re.MULTILINE), target


def test_no_address_or_machine_path_is_in_the_tree() -> None:
    """Pins have hashes and no addresses, so the project installs from whatever index its owner uses."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "requirements*.txt", "pyproject.toml"], cwd=ROOT, capture_output=True, check=True
    )
    for name in listed.stdout.decode().split("\0"):
        if name:
            text = (ROOT / name).read_text(encoding="utf-8")
            assert "--index-url" not in text
            assert "--find-links" not in "\n".join(line for line in text.splitlines() if not line.startswith("#"))
