from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adaudit.decode.errors import DecodeError
from adaudit.decode.guid import format_guid, parse_guid


@given(st.binary(min_size=16, max_size=16))
def test_a_guid_reads_as_the_standard_library_reads_it(data: bytes) -> None:
    assert format_guid(data) == str(UUID(bytes_le=data))
    assert parse_guid(format_guid(data)) == data


def test_braces_and_capitals_are_tolerated() -> None:
    text = "{BF967ABA-0DE6-11D0-A285-00AA003049E2}"
    assert format_guid(parse_guid(text)) == "bf967aba-0de6-11d0-a285-00aa003049e2"


@pytest.mark.parametrize("size", [0, 15, 17])
def test_another_length_is_not_a_guid(size: int) -> None:
    with pytest.raises(DecodeError, match=f"{size} bytes"):
        format_guid(bytes(size))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bf967aba0de611d0a28500aa003049e2",
        "{bf967aba-0de6-11d0-a285-00aa003049e2",
        "bf967aba-0de6-11d0-a285-00aa003049e2}",
        "bf967aba-0de6-11d0-a285-00aa003049e2\n",
        "gf967aba-0de6-11d0-a285-00aa003049e2",
    ],
)
def test_text_that_is_not_a_guid_is_refused(text: str) -> None:
    with pytest.raises(DecodeError):
        parse_guid(text)
