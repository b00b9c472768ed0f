"""Lay the page out as one file that loads nothing from anywhere."""

from __future__ import annotations

import base64
import hashlib

from jinja2 import Environment, PackageLoader, StrictUndefined

from adaudit.report.masking import MASK
from adaudit.report.page import Page
from adaudit.report.texts import Texts


def render(page: Page, texts: Texts) -> str:
    """The HTML: every value escaped, style and script allowed by their hashes alone, no data in either."""
    environment = Environment(
        autoescape=True,
        loader=PackageLoader("adaudit.report"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script = (environment.get_template(name).render() for name in ("report.css", "report.js"))
    policy = "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_hash(style)}'",
            f"script-src '{_hash(script)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    return environment.get_template("report.html").render(page=page, t=texts, policy=policy, mask=MASK)


def _hash(text: str) -> str:
    """A CSP source that allows this very text (CSP level 3, hash-source)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
