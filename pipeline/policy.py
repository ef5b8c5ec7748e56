"""The organisation's policy: `policy.toml` beside `tlm.toml`, optional, every setting with a documented default.

It becomes the one-row table `rules.policy`, so that SQL reads it like every other rule.
"""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated

import msgspec

from pipeline.errors import ConfigurationError

FILE_NAME = "policy.toml"
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Days = Annotated[int, msgspec.Meta(ge=0)]


class Targets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the verdicts on page one compare with: shares for the first two, counts for the others."""

    protection: Share = 0.98
    automation: Share = 0.90
    manual_30d: Days = 0
    expired: Days = 0


class Freeze(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A change freeze: both days (TOML dates) are inside."""

    name: str
    from_on: date
    to_on: date


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All policy settings.

    `business_units` maps a sensor, agent, connector name or an ip prefix to a unit, for endpoints whose unit neither
    the endpoint nor its certificate says; the first match in that order wins.
    """

    targets: Targets = Targets()
    renew_days: Days = 30
    multi_year_profiles: tuple[str, ...] = ()
    owner_tag_prefix: str = "owner:"
    business_units: dict[str, str] = {}
    freezes: tuple[Freeze, ...] = ()
    shrink_warn: Share = 0.10
    shrink_stop: Share = 0.50


def read_policy(folder: Path) -> Policy:
    """The policy of `folder`, or the defaults where there is no policy.toml."""
    place = folder / FILE_NAME
    try:
        table = tomllib.loads(place.read_text(encoding="utf-8"))
        return msgspec.convert(table, Policy)
    except FileNotFoundError:
        return Policy()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        msg = f"{place}: {error}; mend it or remove the file to use the defaults."
        raise ConfigurationError(msg) from None
