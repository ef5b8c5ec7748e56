"""A model file: a header of comment lines, then one SELECT. Folder = schema, file name = table.

    -- Sentences: what a row is, what it is for, limits. They become the table's COMMENT.
    -- grain: one endpoint of the newest complete snapshot
    -- kind: table
    -- check: unique(endpoint_key)
    select
        endpoint_key, -- a comment at a column becomes its COMMENT
        ...

The page `sql/README.md` is for people; here is what is refused: unknown keys, a missing grain or kind, a key where none
belongs, an unknown check, a name that is not lower case. Non-goals of the whole runner: no templating, no packages, no
partial state, no selection language, no plug-ins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pipeline.errors import BuildFailed, reason_of
from pipeline.transform.columns import column_comments

MODEL_SCHEMAS = ("meta", "rules", "staging", "core", "mart", "report", "export")
_FOLDERS = (*MODEL_SCHEMAS, "checks", "macros", "adhoc", "explain")
# Filled by the pipeline itself; a model of such a name would overwrite it. meta.drift is shared: load adds rows too.
FILLED = (
    *("rules.policy", "rules.business_unit_mapping", "rules.freezes"),
    *("meta.runs", "meta.extracts", "meta.checks", "meta.models"),
    *("meta.build_info", "meta.current_run", "meta.build_accounts"),
)
_KEY_LINE = re.compile(r"^--\s{0,3}([a-z_]+):\s+(.*)$")
_CONTINUED = re.compile(r"^--\s{4,}(\S.*)$")
_NAME = re.compile(r"^[a-z][a-z0-9_]*$")


class Kind(StrEnum):
    """What the runner makes of a SELECT."""

    VIEW = "view"
    TABLE = "table"
    APPEND = "append"
    VERSIONS = "versions"
    METRICS = "metrics"
    MACRO = "macro"

    @property
    def is_kept(self) -> bool:
        """Its rows outlive the run: back runs must be built for it."""
        return self in (Kind.APPEND, Kind.VERSIONS)


OUR_KINDS = (Kind.VIEW, Kind.TABLE, Kind.APPEND, Kind.VERSIONS, Kind.MACRO)
CUSTOM_KINDS = (Kind.TABLE, Kind.APPEND, Kind.METRICS)


@dataclass(frozen=True, slots=True)
class HeaderLine:
    """One `-- key: value` line with the line of the file where it stands."""

    key: str
    value: str
    line: int


@dataclass(frozen=True, slots=True)
class Source:
    """A SQL file taken apart: sentences, header lines, and the statement that starts at `first_line`."""

    path: Path
    sentences: str
    header: tuple[HeaderLine, ...]
    sql: str
    first_line: int

    @property
    def file(self) -> str:
        """`sql/core/endpoints.sql`; a model of the user's is `models/name.sql`."""
        folder = self.path.parent
        return f"{folder.name if folder.name == 'models' else f'{folder.parent.name}/{folder.name}'}/{self.path.name}"

    def place(self, line: int | None = None) -> str:
        """`sql/core/endpoints.sql line 12`, for messages; without `line` where the statement starts."""
        return f"{self.file} line {line or self.first_line}"


@dataclass(frozen=True, slots=True)
class Model:
    """One table, view or table macro to be; `checks` are unparsed header lines, `comments` are by column name.

    `parameters` are those of a macro, in brackets.
    """

    name: str
    kind: Kind
    key: tuple[str, ...]
    checks: tuple[HeaderLine, ...]
    comments: dict[str, str]
    source: Source
    parameters: str = ""

    @property
    def grain(self) -> str:
        """What one row is."""
        return next(entry.value for entry in self.source.header if entry.key == "grain")


def read_source(path: Path, keys: tuple[str, ...]) -> Source:
    """Take a file apart; only `keys` may stand in its header, each once (`check` often)."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path} cannot be read ({reason_of(error)}); mend the file."
        raise BuildFailed(msg) from None
    head = next((number for number, line in enumerate(lines) if not line.startswith("--")), len(lines))
    sentences, header = _read_header(lines[:head])
    sql = "\n".join(lines[head:]).rstrip().removesuffix(";").rstrip()
    body = sql.lstrip("\n")
    source = Source(path, sentences, header, body, head + 1 + len(sql) - len(body))
    seen: set[str] = set()
    for entry in header:
        if entry.key not in keys:
            msg = f"{source.place(entry.line)}: unknown header key {entry.key!r}; known here are {', '.join(keys)}."
            raise BuildFailed(msg)
        if entry.key in seen and entry.key != "check":
            msg = f"{source.place(entry.line)}: {entry.key!r} stands twice in the header; keep one."
            raise BuildFailed(msg)
        seen.add(entry.key)
    if not body:
        msg = f"{source.place()}: there is no statement below the header; write one."
        raise BuildFailed(msg)
    return source


def _read_header(lines: list[str]) -> tuple[str, tuple[HeaderLine, ...]]:
    sentences: list[str] = []
    header: list[HeaderLine] = []
    for number, line in enumerate(lines, start=1):
        keyed, continued = _KEY_LINE.match(line), _CONTINUED.match(line)
        if keyed:
            header.append(HeaderLine(keyed[1], keyed[2].strip(), number))
        elif continued and header:
            last = header[-1]
            header[-1] = HeaderLine(last.key, f"{last.value} {continued[1].strip()}", last.line)
        else:
            sentences.append(line[2:].strip())
    return " ".join(part for part in sentences if part), tuple(header)


def read_model(path: Path, schema: str | None = None, kinds: tuple[Kind, ...] = OUR_KINDS) -> Model:
    """The model in one file, in the schema of its folder unless another is given; BuildFailed names file and line."""
    source = read_source(path, ("grain", "kind", "key", "check", "macro"))
    name = f"{schema or path.parent.name}.{path.stem}"
    given = {entry.key: entry for entry in source.header}
    if not _NAME.match(path.stem) or name in FILLED:
        taken = "is filled by the pipeline" if name in FILLED else "is not lower case with digits and _"
        msg = f"{source.place(1)}: the name {name!r} {taken}; rename the file."
        raise BuildFailed(msg)
    for needed in ("grain", "kind"):
        if needed not in given:
            msg = f"{source.place(1)}: the header has no {needed!r} line; say it."
            raise BuildFailed(msg)
    kind = next((kind for kind in kinds if kind == given["kind"].value), None)
    if kind is None:
        msg = f"{source.place(given['kind'].line)}: unknown kind {given['kind'].value!r}; use {', '.join(kinds)}."
        raise BuildFailed(msg)
    key = tuple(part.strip() for part in given["key"].value.split(",")) if "key" in given else ()
    _require_key(source, kind, key)
    checks = tuple(entry for entry in source.header if entry.key == "check")
    if kind is Kind.MACRO:
        return Model(name, kind, (), (), {}, source, _read_parameters(source, name, given))
    return Model(name, kind, key, checks, column_comments(source.sql), source)


def _read_parameters(source: Source, name: str, given: dict[str, HeaderLine]) -> str:
    """`(ts)` of `-- macro: core.endpoints_as_of(ts)`; a table macro has no columns to check."""
    signature = re.fullmatch(rf"{re.escape(name)}(\([a-z][a-z0-9_]*(?:, [a-z][a-z0-9_]*)*\))", given["macro"].value)
    if signature is None or "check" in given:
        msg = f"{source.place(given['macro'].line)}: say `-- macro: {name}(parameter, ...)`, and no check."
        raise BuildFailed(msg)
    return signature[1]


def _require_key(source: Source, kind: Kind, key: tuple[str, ...]) -> None:
    if kind is Kind.VERSIONS and len(key) != 1:
        problem = "a model of kind versions has exactly one column as its key"
    elif kind is Kind.APPEND and not key:
        problem = "a model of kind append says by which key a row is known"
    elif (kind is Kind.MACRO) != any(entry.key == "macro" for entry in source.header):
        problem = "a `macro` line and `kind: macro` go together"
    elif not kind.is_kept and key:
        problem = f"a model of kind {kind} has no key; use check: unique(...)"
    else:
        return
    msg = f"{source.place(1)}: {problem}."
    raise BuildFailed(msg)


def read_models(folder: Path) -> tuple[Model, ...]:
    """All models below `folder` (sql/), sorted by name; a SQL file in a folder that is no schema is refused."""
    strays = [path for path in sorted(folder.glob("*/**/*.sql")) if path.relative_to(folder).parts[0] not in _FOLDERS]
    if strays:
        msg = f"{strays[0]} is in a folder that is no schema; models are in {', '.join(MODEL_SCHEMAS)}."
        raise BuildFailed(msg)
    models: dict[str, Model] = {}
    for schema in MODEL_SCHEMAS:
        for path in sorted((folder / schema).rglob("*.sql")):
            model = read_model(path)
            if path.parent != folder / schema or model.name in models:
                msg = f"{path}: models stand directly in {schema}/, one file for one table; move or rename the file."
                raise BuildFailed(msg)
            models[model.name] = model
    return tuple(models[name] for name in sorted(models))


def read_custom_models(folder: Path) -> tuple[Model, ...]:
    """The user's own models in `folder`, sorted by name: `<name>.sql` is `custom.<name>`; none without the folder."""
    # What begins with a dot is an editor's or a file manager's, not a person's.
    paths = [path for path in sorted(folder.rglob("*.sql")) if not path.name.startswith(".")]
    stray = next((path for path in paths if path.parent != folder), None)
    if stray is not None:
        msg = f"{stray}: models of your own stand directly in {folder.name}/ and become custom.<name>; move the file."
        raise BuildFailed(msg)
    return tuple(read_model(path, "custom", CUSTOM_KINDS) for path in paths)
