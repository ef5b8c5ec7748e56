"""Items with other words in the places of theirs, byte for byte the same in all else: structure, order, blanks, faults.

An item is read by its marks alone (strings, brackets, commas, what stands between them), so one that no JSON reader
takes goes the same way as any other: a key twice, bytes that are not UTF-8, a lone surrogate, NaN stay what they were.
What a text is made of is told by its form: addresses, GUIDs, hexadecimal with colons and base64 are replaced as a
whole, all other runs of letters and digits, with marks and pictures among them, word by word. Signs between them are
kept. Of a number each run of digits is replaced. What stays, in which fields, says `words`. Pure.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address
from itertools import groupby

from pipeline.cases import words
from pipeline.cases.pseudonyms import SIGN, Address, Survey

_MARK = re.compile(r'"((?:[^"\\]|\\.)*+)("?)|[{}\[\],:]|[^\s"{}\[\],:]+', re.DOTALL)
_ESCAPED = re.compile(r"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4})|\\.", re.DOTALL)
_APART = re.compile(  # PEM; names of fields in a JSON text inside, and escapes, which stay
    r"(-----BEGIN [^-]{1,60}-----.*?(?:-----END [^-]{1,60}-----|\Z)"
    rf'|\\"(?:{"|".join(sorted(words.NAMES))})\\"(?=\s*:)|\\u[0-9a-fA-F]{{4}}|\\.)',
    re.DOTALL,
)
_DOTTED = r"\d{1,3}(?:[.]\d{1,3}){3}"
_PIECE = re.compile(
    rf"""(?<!{SIGN})(?:
      (?P<guid>[0-9a-fA-F]{{8}}(?:-[0-9a-fA-F]{{4}}){{3}}-[0-9a-fA-F]{{12}})
    | (?P<octets>[0-9a-fA-F]{{2}}(?:[: ][0-9a-fA-F]{{2}}){{3,}})
    | (?P<ipv4>(?<!\d[.]){_DOTTED}(?![.]\d))(?::\d{{1,5}})?
    | (?P<ipv6>(?=[0-9a-fA-F]*:)(?:[0-9a-fA-F:]{{1,30}}:{_DOTTED}|[0-9a-fA-F:]{{2,39}}))(?:\]:\d{{1,5}})?
    | (?P<run>[A-Za-z0-9+/]{{32,}}={{0,2}})
    )(?!{SIGN}) | (?P<word>{SIGN}+)""",
    re.VERBOSE,
)
_WORD = re.compile(f"{SIGN}+")
_ENTRY = re.compile("([,;()])")
_is_number = re.compile(r"-?\d+(?:[.]\d+)?(?:[eE][+-]?\d+)?", re.ASCII).fullmatch
_DIGITS = re.compile(r"([eE][+-]?\d{1,3}$)|\d+", re.ASCII)  # an exponent says how long it is
_is_blob = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d).*", re.DOTALL).fullmatch
_LITERALS = frozenset({"true", "false", "null", "NaN", "Infinity", "-Infinity"})
_LONGEST, _MOST = 60, 100_000  # characters of texts that may come again, and how many of them are remembered
_GROUP = re.compile("[0-9a-fA-F]+")


@dataclass
class Rewriter:
    """Rewrites items. `issuers`: names of CAs in the case, in lower case, which keep what rules look for in them.

    Afterwards `kept` has the words that stayed, by field; `unknown` those that did not although their field has a
    vocabulary; `names` those of fields that the contract does not know; `named` the names of CAs that were met.
    """

    replacing: Survey
    issuers: Collection[str] = ()
    kept: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    unknown: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    names: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)
    _remembered: dict[tuple[str, str], str] = field(default_factory=dict)

    def item(self, line: bytes) -> bytes:
        """An item as it came, with other words."""
        text = line.decode("utf-8", "surrogateescape")
        out: list[str] = []
        stack: list[tuple[str, str]] = []  # the open brackets, each with the name that its values have
        name, is_name, position = "", False, 0
        for found in _MARK.finditer(text):
            mark = found[0]
            out.append(text[position : found.start()])
            position = found.end()
            if mark in "{[":
                stack.append((mark, name))
                name = name if name in words.LIST_FIELDS and mark == "[" else ""
                is_name = mark == "{"
            elif mark in "}]":
                name = stack.pop()[1] if stack else ""
                is_name = False
            elif mark in ",:":
                is_name = mark == "," and bool(stack) and stack[-1][0] == "{"
            elif not found[2]:  # no text, or one without an end, to which all that follows belongs
                mark = self._literal(mark, name)
            elif is_name:
                own = found[1]
                name = own if len(stack) == 1 else f"{stack[1][1]}.{own}" if len(stack) == 2 else ""
                mark = f'"{self._name(own, is_top=len(stack) == 1)}"'
            else:
                mark = f'"{self.text(found[1], name)}"'
            out.append(mark)
        return "".join((*out, text[position:])).encode("utf-8", "surrogateescape")

    def text(self, body: str, name: str) -> str:
        """A text (the inside of a JSON string) of the field `name`."""
        known = self._remembered.get((name, body))
        if known is None:
            known = self._text(_ESCAPED.sub(_decode, body), name)
            if len(body) <= _LONGEST and len(self._remembered) < _MOST:
                self._remembered[name, body] = known
        return known

    def _text(self, body: str, name: str) -> str:
        is_time = name in words.TIME_FIELDS and words.TIME.fullmatch(body.strip())
        if is_time or (name in words.NUMBER_FIELDS and words.is_small(body)):
            return body
        if name in words.ALGORITHM_FIELDS:
            return "".join(self._algorithm(entry, name) for entry in _ENTRY.split(body))
        lower = body.strip().lower()
        if name in words.ISSUER_FIELDS:
            self.named.add(lower)
        if lower in self.issuers and len(body.lower()) == len(body):
            return self._issuer(body, name)
        if name in words.WORD_FIELDS:
            return self._words(body, name, words.known_words())
        return self._words(body, name, words.OF_TAGS) if name == "tags" else self.plain(body)

    def _algorithm(self, entry: str, name: str) -> str:
        """An algorithm or a usage, one of perhaps several in a text."""
        if not words.is_algorithm(entry):
            return self.plain(entry)
        self.kept[name].add(entry.strip())
        return entry

    def _issuer(self, body: str, name: str) -> str:
        """The name of a CA: what the rules of sql/rules look for stays."""
        start = len(body) - len(body.lstrip())
        places: set[int] = set()
        for pattern in words.issuer_patterns():
            if found := pattern.fullmatch(body.strip().lower()):
                for group in range(1, pattern.groups + 1):
                    places.update(range(start + found.start(group), start + found.end(group)))
        out = []
        for stays, signs in groupby(enumerate(body), lambda one: one[0] in places):
            part = "".join(sign for _, sign in signs)
            if stays:
                self.kept[name if name in words.NAMES else "(other fields)"].add(part)
            out.append(part if stays else self.plain(part))
        return "".join(out)

    def _words(self, body: str, name: str, known: Collection[str]) -> str:
        """A text of which only known words stay."""

        def replace(word: str) -> str:
            if word.lower() in known:
                self.kept[name].add(word)
                return word
            if name in words.WORD_FIELDS:
                self.unknown[name].add(body)
            return self.replacing.word(word)

        return self.plain(body, replace)

    def plain(self, body: str, replace: Callable[[str], str] | None = None) -> str:
        """A text of which nothing stays; `replace`: what becomes of its words where that is another thing."""
        word = replace or self.replacing.word
        parts = _APART.split(body)
        parts[::2] = [_PIECE.sub(lambda found: self._piece(found, word), part) for part in parts[::2]]
        for number, part in enumerate(parts):
            if number % 2 and part[0] == "-":
                parts[number] = f"-----BEGIN PEM-----\\n{self.replacing.blob(part)}\\n-----END PEM-----"
        return "".join(parts)

    def _piece(self, found: re.Match[str], word: Callable[[str], str]) -> str:
        """A part of a text by its form."""
        whole = found[0]
        match found.lastgroup:
            case "word":
                return whole if whole in _LITERALS else word(whole)  # a JSON text may stand in a text
            case "guid" | "octets":
                return _spaced(self.replacing.word(re.sub(r"[-: ]", "", whole)), whole)
            case "run" if _is_blob(whole):
                return self.replacing.blob(whole)
            case "ipv4" | "ipv6" as kind:
                text = found[kind]
                with suppress(ValueError):
                    old = ip_address(text)
                    return _spell(text, old, self.replacing.address(old)) + whole[len(text) :]
        return _WORD.sub(lambda one: word(one[0]), whole)

    def _name(self, name: str, *, is_top: bool) -> str:
        """A name in an object: one of the contract stays, and the letters of one beside these that looks like it."""
        if name in words.NAMES:
            return name
        if not is_top or not words.is_field_name(name):
            return self.text(name, "")
        shown = words.DIGITS_OF_NAMES.sub(lambda found: found[1] or self.replacing.word(found[0]), name)
        self.names.add(shown)
        return shown

    def _literal(self, mark: str, name: str) -> str:
        """A number, true, false, null, or what should not be there."""
        if mark in _LITERALS or (name in words.NUMBER_FIELDS and words.is_small(mark)):
            return mark
        if not _is_number(mark):
            return self.plain(_ESCAPED.sub(_decode, mark))
        return _DIGITS.sub(lambda found: found[1] or self.replacing.word(found[0]), mark)


def _decode(found: re.Match[str]) -> str:
    """An escaped sign of a word as itself; any other escape stays."""
    sign = json.loads(f'"{found[1]}"') if found[1] else ""
    return sign if _WORD.fullmatch(sign) and not "\ud800" <= sign <= "\udfff" else found[0]


def _spaced(digits: str, whole: str) -> str:
    """The digits with the separators of `whole`."""
    rest = iter(digits)
    return "".join(sign if sign in "-: " else next(rest) for sign in whole)


def _spell(text: str, old: Address, new: Address) -> str:
    """The new address in the spelling of `text`: as short or as long, with the same zeros and capitals."""
    if isinstance(old, IPv4Address) or isinstance(new, IPv4Address):
        return str(new)
    if "." in text:
        mapped = new.ipv4_mapped
        return str(new) if mapped is None else text[: text.rindex(":") + 1] + str(mapped)
    groups = [f"{int.from_bytes(new.packed[place : place + 2]):x}" for place in range(0, 16, 2)]
    first, last = (len(_GROUP.findall(part)) for part in text.partition("::")[::2])
    if any(group != "0" for group in groups[first : 8 - last]):
        return str(new)
    shown = iter(groups[:first] + groups[8 - last :])
    spelt = _GROUP.sub(lambda was: next(shown).zfill(len(was[0]) if was[0][0] == "0" else 1), text)
    return spelt.upper() if text == text.upper() != text.lower() else spelt
