"""The policy file: optional, typed, and every typo is a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError
from pipeline.policy import Policy, read_policy


def test_no_file_means_the_documented_defaults(tmp_path: Path) -> None:
    """A policy is optional."""
    policy = read_policy(tmp_path)
    assert policy == Policy()
    assert (policy.targets.protection, policy.targets.automation, policy.renew_days) == (0.98, 0.90, 30)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("renew_dais = 30", 1, "unknown key renew_dais; did you mean renew_days?"),
        ("renew_days = -1", 1, "renew_days"),
        ("[targets]\nprotection = 98", 2, "targets.protection must be a share between 0 and 1, e.g. 0.98"),
        ('[[business_units]]\nname = "Retail"', 1, "exactly one of"),
        ('[[business_units]]\nname = "Retail"\nsensor = "a"\nagent = "b"', 1, "exactly one of"),
        ('[[business_units]]\nname = "Retail"\nnetwork = "10.0.0.1/8"', 3, "network"),
        (
            '[[business_units]]\nname = "Retail"\nsensor = "s-1"\n\n[[business_units]]\nname = "Bank"\nsensor = "s-1"',
            7,
            'sensor "s-1" is mapped to "Bank" and in line 3 to "Retail"; keep one of the two.',
        ),
        ("batch = 0", 1, "batch"),
        ("[sla_days]\nurgent = 1", 2, "urgent"),
        ('[drift]\nfields = "ignore"', 2, "drift.fields"),
        ('[off_hours]\ndays = ["caturday"]', 2, "caturday"),
        ('[off_hours]\nbefore = "six"', 2, "before"),
        ('[[freezes]]\nname = "Year end"\nfrom_on = 2026-12-31\nto_on = 2026-12-01', 4, "before it begins"),
        ("shrink_stop = 0.5\nshrink_warn = 0.6", 2, "shrink_warn (0.6) is above shrink_stop (0.5)"),
        ("\nshrink_stop = 0.05", 2, "shrink_warn (0.1) is above shrink_stop (0.05)"),
        ("[retention]\nall_days = 0", 2, "retention.all_days"),
        ("[retention]\nall_days = 9999999999", 2, "retention.all_days"),
        ("[retention]\nweekly_years = 101", 2, "retention.weekly_years"),
        ("[retention]\nmonthly_years = 9999999", 2, "retention.monthly_years"),
        ("renew_days = 99999999999999999999", 1, "renew_days"),
        ("lead_days = 36501", 1, "lead_days"),
        ("renewal_window_days = 36501", 1, "renewal_window_days"),
        ("[sla_days]\ncritical = 2147483647", 2, "sla_days.critical"),
        ("batch = 9223372036854775807", 1, "batch"),
        ("cycle_hours = 9223372036854775807", 1, "cycle_hours"),
        ("[targets]\nmanual_30d = 9223372036854775807", 2, "targets.manual_30d"),
        ("[targets]\nexpired = 9223372036854775807", 2, "targets.expired"),
        ("[retention]\nweeks = 4", 2, "unknown key retention.weeks"),
        ('[[legal_holds]]\nreason = " "\nfrom_on = 2026-01-01', 2, "legal_holds[0].reason is blank"),
        ('[[legal_holds]]\nreason = "case 1"\nfrom_on = 2026-02-01\nto_on = 2026-01-31', 4, "before it begins"),
        ("[[legal_holds]]\nfrom_on = 2026-02-01", 1, "reason"),
    ],
)
def test_a_typo_names_the_file_the_line_and_the_key(tmp_path: Path, text: str, line: int, words: str) -> None:
    """One sentence: which file and line, which key, what next."""
    (tmp_path / "policy.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_policy(tmp_path)
    assert words in str(caught.value)
    assert f"policy.toml line {line}: " in str(caught.value)
    assert "remove" not in str(caught.value)
