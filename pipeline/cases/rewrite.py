"""Items with other words in the places of theirs, byte for byte the same in all else: structure, order, blanks, faults.

An item is read by its marks alone (strings, brackets, commas, what stands between them), so one that no JSON reader
takes goes the same way as any other: a key twice, bytes that are not UTF-8, a lone surrogate, NaN stay what they were.
What a text is made of is told by its form: addresses, GUIDs, hexadecimal with colons and base64 are replaced as a
whole, all other runs of letters and digits, with marks and pictures among them, word by word. Signs between them are
kept. Of a number each run of digits is replaced. What stays, in which fields, says `words`. Pure.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address

from pipeline.cases import words
from pipeline.cases.pseudonyms import SIGN, Address, Survey

_MARK = re.compile(r'"(?:[^"\\]|\\.)*+"|[{}\[\],:]|[^\s"{}\[\],:]+|"', re.DOTALL)
_ESCAPED = re.compile(
    r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})|\\.", re.DOTALL
)
_NAMED = re.compile(r'(\\"(?:' + "|".join(sorted(words.NAMES)) + r')\\"(?=\s*:)|\\u[0-9a-fA-F]{4}|\\.)', re.DOTALL)
_PEM = re.compile(r"-----BEGIN [^-]{1,60}-----.*?(?:-----END [^-]{1,60}-----|\Z)", re.DOTALL)
_DOTTED = r"\d{1,3}(?:[.]\d{1,3}){3}"
_PIECE = re.compile(
    rf"""(?<!{SIGN})(?:
      (?P<guid>[0-9a-fA-F]{{8}}(?:-[0-9a-fA-F]{{4}}){{3}}-[0-9a-fA-F]{{12}})
    | (?P<octets>[0-9a-fA-F]{{2}}(?:[: ][0-9a-fA-F]{{2}}){{3,}})
    | (?P<ipv4>(?<!\d[.]){_DOTTED}(?![.]\d))(?P<port>:\d{{1,5}})?
    | (?P<ipv6>(?=[0-9a-fA-F]*:)(?:[0-9a-fA-F:]{{1,30}}:{_DOTTED}|[0-9a-fA-F:]{{2,39}}))(?P<port6>\]:\d{{1,5}})?
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
            elif mark == ",":
                is_name = bool(stack) and stack[-1][0] == "{"
            elif mark == ":":
                is_name = False
            elif mark == '"':  # a text without an end: what follows are no values
                name = ""
            elif mark[0] != '"':
                mark = self._literal(mark, name)
            elif is_name:
                own = mark[1:-1]
                name = own if len(stack) == 1 else f"{stack[1][1]}.{own}" if len(stack) == 2 else ""
                mark = f'"{self._name(own, is_top=len(stack) == 1)}"'
            else:
                mark = f'"{self.text(mark[1:-1], name)}"'
            out.append(mark)
        return "".join((*out, text[position:])).encode("utf-8", "surrogateescape")

    def text(self, body: str, name: str) -> str:
        """A text (the inside of a JSON string) of the field `name`."""
        known = self._remembered.get((name, body))
        if known is None:
            known = self._text(_ESCAPED.sub(_decode, body) if "\\u" in body else body, name)
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
        stays = bytearray(len(body))
        start = len(body) - len(body.lstrip())
        for pattern in words.issuer_patterns():
            found = pattern.fullmatch(body.strip().lower())
            for group in range(1, pattern.groups + 1 if found else 1):
                first, last = found.span(group) if found else (0, 0)
                stays[start + first : start + last] = b"\x01" * (last - first)
        field_name = name if name in words.NAMES else "(other fields)"
        out, place = [], 0
        for run in re.finditer(rb"\x00+|\x01+", stays):
            part = body[run.start() : run.end()]
            if run[0][0]:
                self.kept[field_name].add(part)
            out.append(part if run[0][0] else self.plain(part))
            place = run.end()
        return "".join((*out, body[place:]))

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
        if "-----BEGIN " not in body:
            return self._pieces(body, word)
        out, place = [], 0
        for found in _PEM.finditer(body):
            out.append(self._pieces(body[place : found.start()], word))
            out.append(f"-----BEGIN PEM-----\\n{self.replacing.blob(found[0])}\\n-----END PEM-----")
            place = found.end()
        return "".join((*out, self._pieces(body[place:], word)))

    def _pieces(self, body: str, word: Callable[[str], str]) -> str:
        """The same for what is no PEM; escapes stay, and so do names of fields in a JSON text inside."""
        if "\\" not in body:
            return _PIECE.sub(lambda found: self._piece(found, word), body)
        return "".join(
            part if number % 2 else _PIECE.sub(lambda found: self._piece(found, word), part)
            for number, part in enumerate(_NAMED.split(body))
        )

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
            case "ipv4" | "ipv6" | "port" | "port6":
                text, _, port = whole.partition("]") if found["ipv6"] else (found["ipv4"], "", found["port"] or "")
                with suppress(ValueError):
                    old = ip_address(text)
                    bracket = "]" if found["ipv6"] and found["port6"] else ""
                    return _spell(text, old, self.replacing.address(old)) + bracket + port
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
    if found[1]:
        sign = bytes.fromhex(found[1] + found[2]).decode("utf-16-be")
    else:
        sign = chr(int(found[3], 16)) if found[3] else ""
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
    head, gap, tail = text.partition("::")
    first, last = head.split(":") if head else [], tail.split(":") if tail else []
    hidden = groups[len(first) : len(groups) - len(last)] if gap else []
    if any(group != "0" for group in hidden):
        return str(new)
    shown = [group.zfill(len(was)) if was[:1] == "0" else group for group, was in zip(groups, first, strict=False)]
    ends = [
        group.zfill(len(was)) if was[:1] == "0" else group
        for group, was in zip(groups[len(groups) - len(last) :], last, strict=True)
    ]
    spelt = ":".join(shown) + gap + ":".join(ends)
    return spelt.upper() if text == text.upper() != text.lower() else spelt
