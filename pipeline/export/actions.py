"""The actions of the vendor's page; which endpoints may take one is in its view in `sql/export/`."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from pipeline.errors import UsageError


@dataclass(frozen=True, slots=True)
class Action:
    """One action: `example` is a `--where` that makes sense for it.

    `is_narrow` says that the default selection is a to-do list; the others are empty (a person's decision) or, for
    the audit trail, everything.
    """

    name: str
    example: str
    is_narrow: bool = False
    needs_where: bool = False

    @property
    def view(self) -> str:
        """Its view in the warehouse: `endpoint_key`, `is_selected`, columns of its own, `reason`."""
        return "export." + self.name.replace("-", "_")


ACTIONS = (
    Action("request-certificate", "business_unit = 'Retail' and protection = 'none'", is_narrow=True),
    Action("reissue", "key_type = 'RSA' and key_size = 2048", is_narrow=True),
    Action("renew", "days_left <= 60 and business_unit = 'Retail'", is_narrow=True),
    Action("switch-ca", "ca_vendor = 'Sectigo'", needs_where=True),
    Action("next-certificate", "days_left < 14", is_narrow=True),
    Action("delete", "last_discovered_at < now()::timestamp - interval 90 days", needs_where=True),
    Action("update-business-unit", "sensor_name = 'sensor-berlin'", is_narrow=True),
    Action("add-tags", "list_contains(tags, 'prod')", is_narrow=True),
    Action("replace-tags", "list_contains(tags, 'staging')", needs_where=True),
    Action("remove-tags", "list_contains(tags, 'temporary')", needs_where=True),
    Action("download", "common_name = 'www.example.com'", needs_where=True),
    Action("audit-trail", "expiry_bucket = 'expired'"),
)


def find_action(name: str) -> Action:
    """The action of that name; anything else is a UsageError that names the nearest one and all."""
    names = [action.name for action in ACTIONS]
    if name in names:
        return ACTIONS[names.index(name)]
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]}? The" if near else "the"
    msg = f'There is no action "{name}"; {hint} actions are all, {", ".join(names)}.'
    raise UsageError(msg)
