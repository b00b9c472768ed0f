"""The two languages say the same things, in their own forms."""

from __future__ import annotations

import string
import tomllib
from collections.abc import Iterator
from datetime import date, datetime
from importlib.resources import files
from typing import Any

import pytest

from adaudit.engine.model import Evidence, Kind, Language, Severity, Status
from adaudit.engine.standing import AcceptanceState
from adaudit.report.gaps import fact
from adaudit.report.texts import FILES, Texts
from adaudit.report.values import Format
from adaudit.schema import TABLES
from adaudit.visible import visible
from tests.report.audits import gap


def flat(texts: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in texts.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def all_texts(language: str) -> dict[str, str]:
    folder = files("adaudit.report").joinpath("texts")
    found = [tomllib.loads(folder.joinpath(name.format(language=language)).read_text("utf-8")) for name in FILES]
    assert sum(map(len, found)) == len({section for each in found for section in each})
    return {key: text for each in found for key, text in flat(each)}


def test_both_languages_hold_the_same_keys_with_the_same_placeholders() -> None:
    french, english = all_texts("fr"), all_texts("en")
    assert french.keys() == english.keys()

    def placeholders(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}

    differing = [key for key in french if placeholders(french[key]) != placeholders(english[key])]
    assert differing == []


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_table_status_kind_and_reason_has_a_name(language: Language) -> None:
    texts = Texts(language)
    assert TABLES.keys() <= texts.section("tables").keys()
    assert {s.value for s in Status} <= texts.section("status").keys()
    assert {k.value for k in Kind} <= texts.section("kind").keys()
    assert {s.value for s in Severity} <= texts.section("severity").keys()
    assert {s.value for s in AcceptanceState} <= texts.section("exceptions.state").keys()
    codes = next(c.doc for c in TABLES["coverage"].columns if c.name == "reason").removeprefix("code: ").split(", ")
    assert set(codes) <= texts.section("reasons").keys()


@pytest.mark.parametrize(
    ("value", "column", "french", "english"),
    [
        (None, "x", "—", "—"),
        (True, "is_enabled", "oui", "yes"),
        (12345, "accounts", "12\u202f345", "12,345"),
        (1234.5, "x", "1\u202f234,5", "1,234.5"),
        (12345, "primary_group_rid", "12345", "12345"),
        (24, "supported_encryption_types", "0x18", "0x18"),
        (0.2778, "share", "27,8\u00a0%", "27.8%"),
        ("2026-11-22T14:05:00Z", "x", "22/11/2026 14:05 UTC", "2026-11-22 14:05 UTC"),
        ("2026-11-22", "x", "22/11/2026", "2026-11-22"),
        ("2026-99-99", "x", "2026-99-99", "2026-99-99"),
        ("write_dacl", "right", "modifier les autorisations", "change permissions"),
        (["owner"], "rights", "propriétaire", "owner"),
        (["no_silo", "tls"], "problems", "sans silo ; tls", "no silo ; tls"),
        ("write_dacl", "name", "write_dacl", "write_dacl"),
        (3, "direction", "bidirectionnelle", "both ways"),
        (["a", 1], "x", "a ; 1", "a ; 1"),
        ([], "x", "—", "—"),
        ({"sid": "S-1-1-0"}, "x", "SID : S-1-1-0", "SID: S-1-1-0"),
    ],
)
def test_values_take_the_form_of_the_language(value: Evidence, column: str, french: str, english: str) -> None:
    assert Format(Texts("fr")).value(value, column) == french
    assert Format(Texts("en")).value(value, column) == english


def test_moments_and_days_take_the_form_of_the_language() -> None:
    assert Format(Texts("fr")).moment(datetime(2026, 1, 2, 3, 4)) == "02/01/2026 03:04 UTC"
    assert Format(Texts("en")).day(date(2026, 1, 2)) == "2026-01-02"


@pytest.mark.parametrize(
    ("number", "french", "english"),
    [(0, "0 objet", "0 objects"), (1, "1 objet", "1 object"), (2, "2 objets", "2 objects")],
)
def test_plurals_follow_the_grammar(number: int, french: str, english: str) -> None:
    assert Texts("fr").count("page.objects", number, str(number)) == french
    assert Texts("en").count("page.objects", number, str(number)) == english


def test_hidden_characters_are_shown_as_codes() -> None:
    assert visible("a\u202eb\u200bc\nd\x00\ud800é 漢") == "a\\u202eb\\u200bc\\nd\\x00\\ud800é 漢"


def test_a_missing_fact_is_named_by_its_attribute_else_in_words() -> None:
    assert fact(gap(table="users", column="password_last_set_at"), Texts("fr")).endswith(" : pwdLastSet")
    assert fact(gap(table="probes", column="value"), Texts("fr")) == "Sondes réseau : Valeur"
    assert fact(gap(table="probes", column="value"), Texts("en")) == "Network probes: Value"
