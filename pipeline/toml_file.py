"""A configuration file in TOML whose errors name a line: `tlm.toml` and `policy.toml`.

The parser of the standard library says where a file is no TOML, not where a key stands. So the line of a key is found
by asking it: the first lines up to which the file parses and has the key. That is done for an error only.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from pipeline.errors import ConfigurationError, reason_of

_UNKNOWN_FIELD = re.compile("unknown field `(.*)`")
_PART = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


@dataclass(frozen=True, slots=True)
class TomlFile:
    """A file that was read: its text, and its table, which the caller may change."""

    path: Path
    text: str
    table: dict[str, Any]

    def at(self, key: str) -> str:
        """Where `key` (such as `accounts[0].name`) stands: `tlm.toml line 3`.

        Of a key that the file lacks, the line of the table that it belongs to; of the whole file no line.
        """
        parts: list[str | int] = [int(number) if number else name for number, name in _PART.findall(key)]
        table = tomllib.loads(self.text)  # anew: into `table` came what the environment says
        while parts and not _has(table, parts):
            parts.pop()
        if not parts:
            return str(self.path)
        line = _line_of(self.text.split("\n"), parts)
        return f"{self.path} line {line}"


def read_toml(path: Path) -> TomlFile:
    """The file at `path`, also with a mark of UTF-8; FileNotFoundError, or ConfigurationError with the line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        return TomlFile(path, text, tomllib.loads(text))
    except FileNotFoundError:
        raise
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path} cannot be read: {reason_of(error)}; save it as UTF-8 text, or mend its path and mode."
        raise ConfigurationError(msg) from None
    except tomllib.TOMLDecodeError as error:
        reason, _, place = reason_of(error).removesuffix(")").partition(" (at ")
        line = re.search(r"line (\d+)", place)
        number = int(line[1]) if line else len(text.rstrip().split("\n"))
        msg = f"{path} line {number} is no TOML: {reason[:1].lower()}{reason[1:]} ({place}); mend that line."
        raise ConfigurationError(msg) from None


def convert_error(error: msgspec.ValidationError, kind: type[msgspec.Struct]) -> tuple[str, str]:
    """The key that is wrong, and what is wrong with it and what to do; `kind` is what the table was to become."""
    reason, _, place = str(error).partition(" - at `$")
    place = place.rstrip("`").lstrip(".")
    unknown = _UNKNOWN_FIELD.search(reason)
    if unknown is not None:
        key = f"{place}.{unknown[1]}" if place else unknown[1]
        near = difflib.get_close_matches(unknown[1], _keys_at(kind, place), n=1)
        hint = f"did you mean {near[0]}?" if near else "the commented file that `tlm init` writes has all keys."
        return key, f"unknown key {key}; {hint}"
    if place.rpartition(".")[2] in {"api_key", "password"} and "got `str`" in reason:
        forms = '{ env = "NAME" }, { file = "path" } or { command = [...] }'
        what = "password" if place.endswith("password") else "key"
        return place, f"{place} holds a text; write {forms}, never the {what} itself."
    if "<= 1.0" in reason or ">= 0.0" in reason:
        return place, f"{place} must be a share between 0 and 1, e.g. 0.98."
    says = f"{reason[:1].lower()}{reason[1:]}; see the commented file that `tlm init` writes."
    return place, f"{place or 'the file'}: {says}"


def _keys_at(kind: type[msgspec.Struct], place: str) -> list[str]:
    """The keys of the struct at a place such as `accounts[0].api_key` in `kind`."""
    info: Any = msgspec.inspect.type_info(kind)
    for part in re.findall(r"\w+", place):
        if part.isdigit():
            info = info.item_type
        else:
            info = next(field.type for field in info.fields if field.encode_name == part)
        info = next((one for one in getattr(info, "types", ()) if hasattr(one, "fields")), info)
    return [field.encode_name for field in info.fields if field.encode_name != "folder"]


def _has(table: Any, parts: list[str | int]) -> bool:  # noqa: ANN401 -- whatever TOML holds
    try:
        for part in parts:
            table = table[part]
    except (KeyError, IndexError, TypeError):
        return False
    return True


def _line_of(lines: list[str], parts: list[str | int]) -> int:
    """The number of the line where the part of the file begins that has the key.

    What is sought grows with the lines, but not every number of lines parses: a value may stretch over several.
    """
    without, enough = 0, len(lines)
    while (parsed := _parse_half(lines, without, enough)) is not None:
        count, table = parsed
        without, enough = (without, count) if _has(table, parts) else (count, enough)
    says = (number for number in range(without, enough) if lines[number].strip(" \t\r").partition("#")[0])
    return next(says, without) + 1


def _parse_half(lines: list[str], fewest: int, most: int) -> tuple[int, dict[str, Any]] | None:
    """A number between the two of lines that parse, near their middle, and their table; None where none do."""
    middle = (fewest + most) // 2
    for count in sorted(range(fewest + 1, most), key=lambda count: abs(count - middle)):
        with suppress(tomllib.TOMLDecodeError):
            return count, tomllib.loads("\n".join(lines[:count]) + "\n")
    return None
