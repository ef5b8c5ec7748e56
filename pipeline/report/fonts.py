"""What the packaged font draws, and what it leaves to a font of the machine."""

from __future__ import annotations

import unicodedata

from pipeline.places import content


def undrawn_scripts(text: str) -> tuple[str, ...]:
    """The scripts of those characters of `text` that the packaged font has no glyph for, by name, sorted.

    A letter's script is the first word of its Unicode name ("Arabic", "CJK"); anything else is a "symbol".
    """
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # noqa: PLC0415 -- 60 ms

    path = content("reports") / "assets" / "fonts" / "IBMPlexSans-Regular.woff"
    with TTFont(path, lazy=True) as font:
        missing = {ord(character) for character in text} - set(font.getBestCmap())
    return tuple(
        sorted({_script(chr(code)) for code in missing if not unicodedata.category(chr(code)).startswith("C")})
    )


def _script(character: str) -> str:
    if not unicodedata.category(character).startswith("L"):
        return "symbol"
    word = unicodedata.name(character, "unnamed").split()[0].split("-")[0]
    return word if word == "CJK" else word.capitalize()
