"""Records of an LDIF file as entries of a directory, and what else a dump says about itself."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from adaudit.errors import InputError
from adaudit.importers.ldif_text import Record, read_records
from adaudit.schema import COLLECTED

MAX_VALUE_BYTES: Final = 16 << 20
MAX_ENTRY_VALUES: Final = 1_000_000

_DESCRIPTION: Final = re.compile(r"(?:[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)(?:;[A-Za-z0-9*=-]+)*")
_BASE: Final = re.compile(r"base <(.*)>(?: \(default\))? with scope (\w+)")
_CHANGE_TYPE: Final = "changetype"
_MAX_NAME_BYTES: Final = 512
_RESULT_KEYS: Final = (b"search", b"result")
_RESULT: Final = "'result:' line that its header announces"
_HEADERS: Final = {
    "extended LDIF": _RESULT,
    "record 1": "'# returned' line that ldbsearch ends with",
}
_CHANGE: Final = (
    "a change record ({what}): only the contents of a directory can be imported, as ldapsearch or ldifde export them"
)


_CANONICAL: Final = {
    name.lower(): name
    for name in ("objectClass", "instanceType", *(column.source for t in COLLECTED.values() for column in t.columns))
    if name
}
"""Names that adaudit knows, as the directory spells them."""


class Entry(NamedTuple):
    """One directory object: values as bytes, in the order of the file.

    Attributes are named as the directory spells them, without ``;binary``; other options such as
    ``;range=0-1499`` stay.
    """

    dn: str
    attributes: dict[str, list[bytes]]
    line: int


@dataclass
class Dump:
    """What a file says about itself beside its entries, filled while they are read.

    ``requested``: lower-case names of the attributes asked for (``*`` and ``all`` included); None when no header says.
    ``filters``: search filters named by headers. ``bases``: (base, scope) of the searches they name.
    ``truncated``: why the file is known to be cut short, else empty.
    """

    requested: set[str] | None = None
    filters: list[str] = field(default_factory=list)
    bases: list[tuple[str, str]] = field(default_factory=list)
    referrals: list[str] = field(default_factory=list)
    truncated: str = ""


class LdifFile:
    """One LDIF file as ldapsearch, ldifde or ldbsearch write it; ``dump`` is complete once all entries are read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.dump = Dump()
        self._names: dict[bytes, str] = {}
        self._trailer_expected = ""

    @property
    def attribute_names(self) -> set[str]:
        """Lower-case names of the attributes that entries read so far had, without options."""
        return {name.partition(";")[0].lower() for name in self._names.values()}

    def entries(self) -> Iterator[Entry]:
        """Entries in the order of the file; the last one is left out when the dump is cut within it.

        Raises InputError, with the file and line, for change records, values kept elsewhere (``<``) and whatever
        RFC 2849 does not allow.
        """
        self.dump = Dump()
        self._trailer_expected = ""
        for record in read_records(self.path):
            if b"#" in record.text:
                self._read_comments(record.text)
            try:
                entry = self._entry(record)
            except InputError:
                if record.is_ended or not self._trailer_expected:
                    raise
                break
            if entry is not None and (record.is_ended or not self._trailer_expected):
                yield entry
        if self._trailer_expected and not self.dump.truncated:
            self.dump.truncated = f"the file ends before the {self._trailer_expected}"

    def _entry(self, record: Record) -> Entry | None:
        """The entry of a record; None when it holds a version, comments, or what a search says beside its entries."""
        pairs = self._pairs(record)
        for index, key, value in pairs:
            lower = key.lower()
            if lower == b"dn":
                return self._object(record, self._dn(record, index, value), pairs)
            if lower == b"version":
                if value.strip() != b"1":
                    raise self._error(record, index, "only version 1 of LDIF is known")
            elif lower == b"ref":
                self.dump.referrals.append(value.strip().decode("utf-8", "replace"))
            elif lower in _RESULT_KEYS:
                self._read_result({lower: value.strip()} | {key: value.strip() for _, key, value in pairs})
            else:
                raise self._error(record, index, "an entry must begin with 'dn:'")
        return None

    def _pairs(self, record: Record) -> Iterator[tuple[int, bytes, bytes]]:
        """Number, attribute description and value of each line, once folded lines are joined (RFC 2849, note 2)."""
        lines = record.text.replace(b"\n ", b"").split(b"\n")
        if len(lines) > MAX_ENTRY_VALUES:
            raise self._error(record, 0, f"an entry of more than {MAX_ENTRY_VALUES} values")
        for index, line in enumerate(lines):
            if line[:1] == b"#" or not line:
                continue
            key, colon, value = line.partition(b":")
            if not colon:
                raise self._error(record, index, "a line without a colon: 'attribute: value' is expected")
            kind = value[:1]
            if kind == b":":
                try:
                    value = binascii.a2b_base64(value[1:].strip(b" "), strict_mode=True)
                except binascii.Error as error:
                    raise self._error(record, index, f"the base64 value is damaged: {error}") from error
            elif kind == b"<":
                raise self._error(record, index, "a value kept in another file or address (':<') is refused")
            else:
                value = value.lstrip(b" ")
            if len(value) > MAX_VALUE_BYTES:
                raise self._error(record, index, f"a value of more than {MAX_VALUE_BYTES} bytes")
            yield index, key, value

    def _object(self, record: Record, dn: str, pairs: Iterator[tuple[int, bytes, bytes]]) -> Entry:
        attributes: dict[str, list[bytes]] = {}
        names = self._names
        for index, key, value in pairs:
            name = names.get(key)
            if name is None:
                name = self._name(record, index, key, value)
            if name in attributes:
                attributes[name].append(value)
            else:
                attributes[name] = [value]
        line = record.line + record.text.count(b"\n", 0, record.text.find(b"\ndn:") + 1)
        if _CHANGE_TYPE in attributes:
            self._check_export(line, attributes)
        return Entry(dn, attributes, line)

    def _dn(self, record: Record, index: int, value: bytes) -> str:
        try:
            dn = value.decode()
        except UnicodeDecodeError as error:
            raise self._error(record, index, "the DN is not UTF-8") from error
        if dn.startswith("<"):
            raise self._error(record, index, "an extended DN: make the dump without the extended DN control")
        return dn

    def _name(self, record: Record, index: int, key: bytes, value: bytes) -> str:
        description = key.decode("latin-1")
        if len(key) > _MAX_NAME_BYTES or not _DESCRIPTION.fullmatch(description):
            raise self._error(record, index, "not the name of an attribute")
        name, *options = description.split(";")
        lower = name.lower()
        if lower == "dn":
            raise self._error(record, index, "a second dn: an empty line is missing between two entries")
        if lower in ("control", "newrdn", "deleteoldrdn", "newsuperior"):
            raise self._error(record, index, _CHANGE.format(what=name))
        if lower == _CHANGE_TYPE:
            if value.strip().lower() != b"add":
                raise self._error(record, index, _CHANGE.format(what=f"changetype: {value.decode('latin-1')}"))
            return _CHANGE_TYPE
        resolved = ";".join(
            [_CANONICAL.get(lower, name), *(option for option in options if option.lower() != "binary")]
        )
        self._names[key] = resolved
        return resolved

    def _check_export(self, line: int, attributes: dict[str, list[bytes]]) -> None:
        """ldifde writes ``changetype: add`` into its exports; only a directory gives an object its objectGUID."""
        del attributes[_CHANGE_TYPE]
        if "objectGUID" not in attributes:
            raise InputError(_CHANGE.format(what="changetype: add"), place=f"{self.path}:{line}")

    def _read_result(self, result: dict[bytes, bytes]) -> None:
        """``result: 4 Size limit exceeded``; a page that is not the last has a cookie, and another result follows."""
        outcome = result.get(b"result", b"").decode("utf-8", "replace")
        self._trailer_expected = ""
        if outcome.partition(" ")[0] != "0":
            self.dump.truncated = f"the search ended with: result {outcome or 'unknown'}"
        elif result.get(b"pagedresults", b"").partition(b"cookie=")[2]:
            self._trailer_expected = "last page of the search"

    def _read_comments(self, text: bytes) -> None:
        for comment in text.replace(b"\n ", b"").split(b"\n"):
            if not comment.startswith(b"#"):
                continue
            said = comment[1:].decode("utf-8", "replace").strip()
            if said in _HEADERS:
                self._trailer_expected = _HEADERS[said]
            elif said.startswith(("search result", "returned ")) and self._trailer_expected != _RESULT:
                self._trailer_expected = ""
            elif said.startswith("requesting: "):
                names = said.removeprefix("requesting: ").lower().split()
                self.dump.requested = (self.dump.requested or set()) | set(names)
            elif match := _BASE.fullmatch(said):
                self.dump.bases.append((match[1], match[2]))
            elif said.startswith("filter: "):
                self.dump.filters.append(said.removeprefix("filter: "))
            elif said.startswith("refldap"):
                self.dump.referrals.append(said.removeprefix("ref"))

    def _error(self, record: Record, index: int, message: str) -> InputError:
        """``index`` counts the lines of a record once folded ones are joined; the error names the line of the file."""
        starts = [n for n, line in enumerate(record.text.split(b"\n")) if n == 0 or not line.startswith(b" ")]
        return InputError(message, place=f"{self.path}:{record.line + starts[index]}")
