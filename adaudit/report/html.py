"""Lay the page out as one file that loads nothing from anywhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from adaudit.report.masking import MASK
from adaudit.report.page import Page
from adaudit.report.texts import Texts

CYTOSCAPE: Final = "vendor/cytoscape/cytoscape.min.js"
"""cytoscape.js 3.34.4, as published; licence beside it."""


def render(page: Page, texts: Texts) -> str:
    """The HTML: every value escaped, style and scripts allowed by their hashes alone, no data in any of them."""
    environment = Environment(
        autoescape=True,
        loader=PackageLoader("adaudit.report"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = environment.get_template("report.css").render()
    scripts = tuple(_scripts(page, environment))
    policy = "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_hash(style)}'",
            " ".join(("script-src", *(f"'{_hash(script)}'" for script in scripts))),
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    return environment.get_template("report.html").render(page=page, t=texts, policy=policy, mask=MASK, scripts=scripts)


def _scripts(page: Page, environment: Environment) -> Iterator[str]:
    """Ours, and what draws the picture when there is one."""
    yield environment.get_template("report.js").render()
    if page.outlook is not None:
        if page.outlook.picture is not None:
            yield files("adaudit.report").joinpath(CYTOSCAPE).read_text(encoding="utf-8")
        yield environment.get_template("graph.js").render()


def _hash(text: str) -> str:
    """A CSP source that allows this very text (CSP level 3, hash-source)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
