"""The shape of the files in a rules folder, as they are written."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from adaudit.engine.model import Kind, Severity, Status, SubjectKind

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Need = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$")]
Place = Annotated[
    str, StringConstraints(pattern=r"^(domain|configuration|schema|domain_dns|forest_dns|application):([^,=]+=.+)?$")
]
ControlId = Annotated[str, StringConstraints(pattern=r"^(vuln|warning|info|ext|pack)_[a-z0-9_]+$")]
Threshold = Annotated[int, Field(ge=1, le=4)]
Scalar = int | float | str | bool


class Document(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ProseDocument(Document):
    title: Text
    why: Text
    fix: Text
    verify: Text
    limits: Text


class NeedsDocument(Document):
    required: list[Need] = []
    refining: list[Need] = []
    levels: dict[Literal["1", "2", "3", "4"], list[Need]] = {}


class DetailDocument(Document):
    item: Annotated[SubjectKind, Field(strict=False)]
    evidence: list[Name] = []
    sql: Text


class PowerShellDocument(Document):
    apply: Text
    undo: Text


class RuleDocument(Document):
    id: ControlId
    kind: Annotated[Kind, Field(strict=False)]
    family: Name
    controls: Annotated[list[ControlId], Field(min_length=1)]
    levels: list[Threshold] = []
    severity: Annotated[Severity | None, Field(strict=False)] = None
    subject: Annotated[SubjectKind, Field(strict=False)]
    evidence: list[Name] = []
    params: dict[Name, Scalar | list[str]] = {}
    population: Text | None = None
    places: list[Place] | None = None
    unknown: Text | None = None
    sql: Text | None = None
    needs: NeedsDocument
    detail: DetailDocument | None = None
    powershell: PowerShellDocument | None = None
    fr: ProseDocument
    en: ProseDocument


class ExpectedSubject(Document):
    id: int
    level: Threshold | None = None


class CaseDocument(Document):
    name: Text
    status: Annotated[Status, Field(strict=False)]
    subjects: list[ExpectedSubject] = []
    incomplete: bool = False
    as_of: datetime = datetime(2026, 11, 1)
    derive: bool = False
    params: dict[Name, Scalar | list[str]] = {}
    tables: dict[Name, list[dict[Name, Any]]] = {}


class CasesDocument(Document):
    case: Annotated[list[CaseDocument], Field(min_length=1)]


class ViewDocument(Document):
    name: Name
    doc: Text
    tables: Annotated[list[Name], Field(min_length=1)]
    needs: list[Need] = []
    sql: Text


class CatalogueDocument(Document):
    """``columns`` maps each column to text, int, bool or date; ``rows`` are lists in that order."""

    doc: Text
    date: date
    source: Text
    columns: Annotated[dict[Name, Literal["text", "int", "bool", "date"]], Field(min_length=1)]
    rows: Annotated[list[list[Any]], Field(min_length=1)]


class FrameworkDocument(Document):
    """``levels``: a list of controls with their thresholds; ``ids``: our control id → this framework's ids."""

    name: Name
    date: date
    source: Text
    reference: str = ""
    levels: dict[ControlId, list[Threshold]] = {}
    ids: dict[ControlId, Annotated[list[Text], Field(min_length=1)]] = {}
