"""Well-known identities, by the names that Windows gives them in the reader's language.

The tables name them in English where the directory gives no name. Such a name is replaced, and no other: what an object
of the directory bears is shown as it is, whatever its language.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import TYPE_CHECKING, Final

from adaudit.report.texts import Texts

if TYPE_CHECKING:
    from adaudit.engine.model import Evidence

_ALONE: Final = frozenset(
    {
        *("account", "added", "creator", "holder", "members", "owner", "revealable"),
        *("trusted_accounts", "trustee", "trustees"),
    }
)
"""Columns of evidence that may name identities without their SIDs."""

_BUILTIN: Final = "S-1-5-32-"
"""Groups that are objects of each domain, which names them."""


class Identities:
    """``alone``: English names that tell a well-known identity even without its SID, as in
    ``Audit.well_known_names``."""

    def __init__(self, texts: Texts, alone: Collection[str] = ()) -> None:
        self._told: Mapping[str, str] = texts.section("identities")
        self._alone = {name: self._told[sid] for sid, name in _english().items() if name in alone}
        self._is_english = texts.language == "en"

    def name(self, name: str, key: str) -> str:
        """The name to show of what has this key, as in findings.json: a SID where no object of the directory has it."""
        sid = key.removeprefix("sid:")
        return self._told[sid] if _english().get(sid) == name else name

    def evidence(self, record: Mapping[str, Evidence]) -> Mapping[str, Evidence]:
        """The same evidence with such names in place, at any depth: by the SIDs of the record, where it has any."""
        if self._is_english:
            return record
        sids = [str(value) for column, value in record.items() if column == "sid" or column.endswith("_sid")]
        beside = dict(map(self._of_sid, sids)) if sids else None
        return {column: self._value(value, column, beside) for column, value in record.items()}

    def _value(self, value: Evidence, column: str, beside: Mapping[str, str] | None) -> Evidence:
        match value:
            case str():
                known = beside if beside is not None else self._alone if column in _ALONE else {}
                return known.get(value, value)
            case list():
                return [self._value(item, column, None) for item in value]
            case dict():
                return dict(self.evidence(value))
            case _:
                return value

    def _of_sid(self, sid: str) -> tuple[str, str]:
        """The English name of a SID and the one to show; a name that a directory may have given stays."""
        name = _english().get(sid, "")
        is_given = not name or (sid.startswith(_BUILTIN) and name not in self._alone)
        return name, name if is_given else self._told[sid]


@cache
def _english() -> Mapping[str, str]:
    return Texts("en").section("identities")
