from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adaudit.decode.times import filetime, generalized_time, to_filetime

moments = st.datetimes(min_value=datetime(1601, 1, 1, 0, 0, 1))


@pytest.mark.parametrize("raw", [0, -1, 0x7FFFFFFFFFFFFFFF, -(2**63), 2**63, 2_650_467_744_000_000_000, -1000])
def test_never_zero_and_out_of_range_are_no_moment(raw: int) -> None:
    assert filetime(raw) is None


def test_a_filetime_counts_from_1601() -> None:
    assert filetime(116444736000000000) == datetime(1970, 1, 1)
    assert filetime(1) == datetime(1601, 1, 1)
    assert filetime(2_650_467_743_999_999_999) == datetime.max


@given(moments)
def test_a_moment_survives_as_a_filetime(moment: datetime) -> None:
    assert filetime(to_filetime(moment)) == moment


def test_an_aware_moment_is_brought_to_utc() -> None:
    paris = timezone(timedelta(hours=2))
    assert to_filetime(datetime(2026, 6, 1, 12, tzinfo=paris)) == to_filetime(datetime(2026, 6, 1, 10, tzinfo=UTC))
    assert to_filetime(datetime(2026, 6, 1, 12, tzinfo=paris)) == to_filetime(datetime(2026, 6, 1, 10))


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (b"20260228235959.0Z", datetime(2026, 2, 28, 23, 59, 59)),
        (b"20260228235959Z", datetime(2026, 2, 28, 23, 59, 59)),
        (b"20260228235959.25Z", datetime(2026, 2, 28, 23, 59, 59, 250_000)),
        (b"20260228235959,1234567Z", datetime(2026, 2, 28, 23, 59, 59, 123_456)),
        (b"20260301010000.0+0200", datetime(2026, 2, 28, 23)),
        (b"20260228180000-05", datetime(2026, 2, 28, 23)),
        (b"00010101000000+0100", None),
        (b"20260229000000.0Z", None),
        (b"20260228235960.0Z", None),
        (b"20260228235959", None),
        (b"20260228235959.Z", None),
        (b"20260228235959.0z", None),
        (b"20260228235959+9900", None),
        (b"2026022823595 Z", None),
        (b"+2026022823595Z", None),
        (b"", None),
        (b"19700101", None),
    ],
)
def test_generalized_times(value: bytes, moment: datetime | None) -> None:
    assert generalized_time(value) == moment


@given(st.binary(max_size=24))
def test_no_bytes_make_generalized_time_fail(value: bytes) -> None:
    assert generalized_time(value) is None or value[:14].isdigit()
