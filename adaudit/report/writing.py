"""The files of a report: a page for people, JSON for tools, CSV for spreadsheets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from adaudit.engine.model import Audit, Language
from adaudit.report.document import findings
from adaudit.report.folder import write_files
from adaudit.report.html import render
from adaudit.report.page import build_page
from adaudit.report.sheet import sheet
from adaudit.report.texts import Texts
from adaudit.visible import visible_json

HTML, JSON, CSV = "report.html", "findings.json", "findings.csv"
FILES: Final = (HTML, JSON, CSV)


def write_report(audit: Audit, folder: Path, language: Language) -> Path:
    """Write report.html, findings.json and findings.csv, owner-only, and return the path of the page.

    Raises UsageError when the folder cannot be made or written to, IncompleteError when writing fails.
    """
    texts = Texts(language)
    contents = {
        HTML: render(build_page(audit, texts), texts),
        JSON: findings_json(audit, language),
        CSV: sheet(audit, texts),
    }
    write_files(folder, contents)
    return folder / HTML


def findings_json(audit: Audit, language: Language) -> str:
    """The text of findings.json."""
    document = findings(audit, Texts(language))
    return visible_json(json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)) + "\n"
