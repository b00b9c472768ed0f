"""Values as a person reads them: masked, harmless to display, in the form of one language."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from adaudit.report.masking import mask
from adaudit.report.texts import Texts
from adaudit.visible import visible

if TYPE_CHECKING:
    from adaudit.engine.model import Evidence, Language

_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_THIN_SPACE: Final = "\u202f"
_NO_BREAK: Final = "\u00a0"
_BITS: Final = ("_types", "_flags", "_flag", "_attributes", "tree_bits")
_IDENTIFIERS: Final = ("rid", "level", "port", "exponent", "version", "mit_type", "dce_type")
"""Endings of columns whose numbers are identifiers: no thousands separator."""


def clean(text: str) -> str:
    """Text of a directory, ready to be shown: passwords masked, nothing hidden left in it."""
    return visible(mask(text))


def masked(value: Evidence) -> Evidence:
    """The same evidence with the passwords of every text in it masked, at any depth."""
    match value:
        case str():
            return mask(value)
        case list():
            return [masked(item) for item in value]
        case dict():
            return {name: masked(item) for name, item in value.items()}
        case _:
            return value


class Format:
    """Numbers, moments and evidence in the words and habits of one language."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._language: Language = texts.language

    def number(self, value: float) -> str:
        """With thousands separators; at most two decimals."""
        text = f"{value:,.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}"
        if self._language == "en":
            return text
        return text.replace(",", _THIN_SPACE).replace(".", ",")

    def percent(self, share: float) -> str:
        figure = self.number(round(share * 100, 1))
        return f"{figure}{_NO_BREAK}%" if self._language == "fr" else f"{figure}%"

    def moment(self, moment: datetime) -> str:
        """A naive UTC moment, to the minute."""
        return moment.strftime("%d/%m/%Y %H:%M UTC" if self._language == "fr" else "%Y-%m-%d %H:%M UTC")

    def day(self, day: date) -> str:
        return day.strftime("%d/%m/%Y") if self._language == "fr" else day.isoformat()

    def value(self, value: Evidence, column: str = "") -> str:
        """One value of a column of evidence on one line; lists are separated by semicolons."""
        if isinstance(value, int | str) and (known := self._texts.codes(column).get(str(value))):
            return known
        match value:
            case None:
                return "—"
            case bool():
                return self._texts("yes" if value else "no")
            case int() | float():
                return self._number(value, column)
            case str():
                return self._text(value)
            case list():
                return " ; ".join(self.value(item, column) for item in value) or "—"
            case dict():
                return ", ".join(
                    f"{self._texts.label('columns', k)}{self._texts('colon')}{self.value(v, k)}"
                    for k, v in value.items()
                )

    def _number(self, value: float, column: str) -> str:
        if column.endswith("share"):
            return self.percent(value)
        if isinstance(value, int) and column.endswith(_BITS):
            return hex(value)
        return str(value) if column.endswith(_IDENTIFIERS) else self.number(value)

    def _text(self, value: str) -> str:
        try:
            if _MOMENT.fullmatch(value):
                return self.moment(datetime.fromisoformat(value.removesuffix("Z")))
            if _DATE.fullmatch(value):
                return self.day(date.fromisoformat(value))
        except ValueError:
            return value
        return clean(value)
