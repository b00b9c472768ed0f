"""A browser to read pages with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from adaudit.engine.model import Audit
from adaudit.report.writing import write_report


@pytest.fixture
def page(tmp_path: Path) -> Callable[[Audit], str]:
    """Write a report and return the address of its page."""
    return lambda audit: write_report(audit, tmp_path / "out", "fr").as_uri()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    """Chromium, headless, fresh."""
    with chromium(tmp_path / "profile") as driver:
        yield driver


@pytest.fixture
def browser_without_scripts(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    with chromium(tmp_path / "profile", scripts=False) as driver:
        yield driver


def chromium(profile: Path, *, scripts: bool = True) -> webdriver.Chrome:
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in (
        "headless=new",
        "no-sandbox",
        "disable-gpu",
        "disable-quic",
        "no-first-run",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
        f"user-data-dir={profile}",
        "window-size=1280,900",
    ):
        options.add_argument(f"--{flag}")
    if not scripts:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
