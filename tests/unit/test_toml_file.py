"""Where a key stands in a TOML file, found with the parser of the standard library alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError
from pipeline.toml_file import read_toml

TEXT = '''# head
batch = 5
approved_cas = [
    "One",

    # two
    "Two",
]
note = """
batch = 7
"""

[targets]
# shares
"protection" = 0.9  # nearly all
automation.of = 1

[[freezes]]
name = "a"

[[freezes]]  # the second
name = "b"
days = { from = 1, to = 2 }
'''


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("batch", 2),
        ("approved_cas", 3),
        ("approved_cas[1]", 3),
        ("note", 9),
        ("targets", 13),
        ("targets.protection", 15),
        ("targets.automation.of", 16),
        ("targets.expired", 13),
        ("freezes", 18),
        ("freezes[0].name", 19),
        ("freezes[1]", 21),
        ("freezes[1].name", 22),
        ("freezes[1].days.to", 23),
        ("freezes[1].from_on", 21),
        ("batch.more", 2),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_key_has_the_line_where_it_begins(tmp_path: Path, key: str, line: int, line_end: str) -> None:
    """Of a value of several lines the first; what is not there has the line of its table."""
    path = tmp_path / "policy.toml"
    path.write_bytes(TEXT.replace("\n", line_end).encode())
    assert read_toml(path).at(key) == f"{path} line {line}"


@pytest.mark.parametrize("key", ["", "absent", "absent[0].name"])
def test_what_belongs_to_the_whole_file_has_no_line(tmp_path: Path, key: str) -> None:
    """The file is named alone."""
    path = tmp_path / "policy.toml"
    path.write_text(TEXT, encoding="utf-8")
    assert read_toml(path).at(key) == str(path)


def test_the_line_in_a_long_file_is_found_by_halves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten thousand lines are parsed some dozen times, not ten thousand times."""
    import tomllib

    path = tmp_path / "policy.toml"
    path.write_text("".join(f'[[business_units]]\nname = "u{number}"\n' for number in range(5_000)), encoding="utf-8")
    file = read_toml(path)
    parsed = []
    loads = tomllib.loads
    monkeypatch.setattr(tomllib, "loads", lambda text: parsed.append(1) or loads(text))
    assert file.at("business_units[4000].name") == f"{path} line 8002"
    assert len(parsed) < 20


def test_a_mark_of_utf_8_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    """Editors of Windows write one."""
    path = tmp_path / "policy.toml"
    path.write_bytes(b"\xef\xbb\xbfbatch = 5\n")
    assert read_toml(path).table == {"batch": 5}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("batch = 5\n".encode("utf-16"), "line 1 is not UTF-8 text; save it as UTF-8"),
        ('batch = 5\nname = "M\u00fcller"\n'.encode("latin-1"), "line 2 is not UTF-8 text; save it as UTF-8"),
        (b"batch = 5\nbatch = 6\n", "line 2 is no TOML: cannot overwrite a value"),
        (b"batch = 5\n[targets\n", "line 2 is no TOML"),
        (b'batch = 5\nname = """x\n\n', "line 2 is no TOML: unterminated string"),
        (b"batch = tru\n", "line 1 is no TOML"),
    ],
)
def test_what_is_no_toml_names_the_line(tmp_path: Path, content: bytes, words: str) -> None:
    """Also where the parser says only that the end came too early: then the last one."""
    path = tmp_path / "policy.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        read_toml(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
