"""What the packaged font draws."""

from __future__ import annotations

from pipeline.report import words
from pipeline.report.fonts import undrawn_scripts


def test_latin_greek_cyrillic_and_our_own_signs_are_drawn() -> None:
    """All that the report itself prints has a glyph, also what `clean` puts in."""
    own = f"{words.THIN}{words.MINUS}{words.NO_BREAK}{words.ELLIPSIS}–’“”·\ufffd"
    assert undrawn_scripts(f"abc ß ž πύλη врата {own}\n") == ()


def test_scripts_that_a_system_font_must_draw_are_named() -> None:
    """Section 11 says so, because another machine may draw them otherwise."""
    assert undrawn_scripts("بوابة.ゲート.東 ☃") == ("Arabic", "CJK", "Katakana", "symbol")
