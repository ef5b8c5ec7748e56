from __future__ import annotations

import pytest

from pipeline.errors import BuildFailed
from pipeline.transform.order import build_order, with_reads

READS = {
    "mart.z": {"core.a": "mart/z.sql line 5", "raw.t": "mart/z.sql line 6"},
    "core.a": {"staging.b": "core/a.sql line 5"},
    "staging.b": {"raw.t": "staging/b.sql line 5"},
    "core.c": {},
}


def test_what_is_read_comes_first_and_equals_by_name() -> None:
    """Each model comes after what it reads; the order does not depend on how the files were found."""
    wanted = ("core.c", "staging.b", "core.a", "mart.z")
    assert build_order(READS) == wanted
    assert build_order(dict(reversed(READS.items()))) == wanted


def test_a_circle_is_named_with_its_places() -> None:
    """The sentence says who reads whom, and in which line."""
    reads = {"core.a": {"core.b": "core/a.sql line 5"}, "core.b": {"core.a": "core/b.sql line 7"}, "core.c": {}}
    with pytest.raises(BuildFailed) as caught:
        build_order(reads)
    assert "core.a reads core.b (core/a.sql line 5); core.b reads core.a (core/b.sql line 7)" in str(caught.value)


def test_a_model_that_reads_itself_is_a_circle() -> None:
    """Also the smallest circle is refused."""
    with pytest.raises(BuildFailed, match=r"core\.a reads core\.a"):
        build_order({"core.a": {"core.a": "core/a.sql line 5"}})


def test_everything_that_is_read_is_found_but_nothing_else() -> None:
    """The catch-up builds a kept model and what stands below it."""
    assert with_reads(["core.a"], READS) == {"core.a", "staging.b"}
