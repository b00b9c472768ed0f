"""What a snapshot says of itself: ``manifest.json``, strictly typed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, model_validator

Origin = Literal["dc_current_time", "source", "option", "newest_change"]


def _naive_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def _iso_utc(moment: datetime) -> str:
    return f"{moment.isoformat()}Z"


UtcTime = Annotated[datetime, AfterValidator(_naive_utc), PlainSerializer(_iso_utc, when_used="json")]
"""Naive UTC in Python, ISO 8601 with ``Z`` in JSON."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, lt=2**63)]
Text = Annotated[str, Field(max_length=4096)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SourceFile(_Model):
    """A file that was imported: its name without folder, its size in bytes, its hash."""

    name: Text
    size: Count
    sha256: Sha256


class ServerInfo(_Model):
    """A domain controller that was read; ``domain`` is the DN of its own. ``invocation_id`` tells its database,
    ``highest_usn`` the last change in it before the first object was read: null when they could not be read.
    ``token``: SHA-256 over the SIDs by which the account was judged there."""

    host: Text
    domain: Text
    invocation_id: Text | None
    highest_usn: Count | None
    token: Sha256 | None = None


class SourceInfo(_Model):
    """Where the facts come from, read by which version of adaudit, through which server or files, as whom. The files
    of what was observed and added later come last.

    ``scope``: what a collection was asked to cover; ``since``: SHA-256 of the snapshot it started from.
    """

    kind: Literal["ldap", "ldif", "samples"]
    tool: Text
    server: Text | None = None
    account: Text | None = None
    account_sid: Text | None = None
    files: Annotated[tuple[SourceFile, ...], Field(max_length=10_000)] = ()
    servers: Annotated[tuple[ServerInfo, ...], Field(max_length=10_000)] = ()
    scope: Text | None = None
    since: Sha256 | None = None


class ManifestHeader(_Model):
    """What whoever seals a snapshot knows of it; ``incomplete_reason`` is given when, and only when, not complete."""

    as_of: UtcTime
    as_of_origin: Origin
    complete: bool
    incomplete_reason: Text | None
    source: SourceInfo
    started_at: UtcTime
    finished_at: UtcTime

    @model_validator(mode="after")
    def _says_why_it_is_incomplete(self) -> Self:
        if self.complete != (self.incomplete_reason is None):
            raise ValueError("incomplete_reason is given when, and only when, complete is false")
        return self


class MemberInfo(_Model):
    """Size in bytes and hash of a file of the snapshot."""

    size: Count
    sha256: Sha256


class TableInfo(MemberInfo):
    """Rows of a table; size and hash are those of its Parquet file."""

    rows: Count


class Manifest(ManifestHeader):
    """The whole ``manifest.json``: the header, the version of the format and what each table must be.

    ``log``: what the audit trail of the collection must be, where there is one.
    """

    format: int
    tables: dict[str, TableInfo]
    log: MemberInfo | None = None
