"""The page in a real browser: hostile names, search, no script, paper."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from itertools import pairwise

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from adaudit.engine.model import Audit
from adaudit.report.evidence import MOST_ROWS
from tests.report.audits import HOSTILE_NAMES, full_audit, hostile_audit, make_audit, result, rule, subject

pytestmark = pytest.mark.browser

A4_POINTS = (595, 842)
Page = Callable[[Audit], str]


def visible_results(browser: webdriver.Chrome) -> list[str]:
    found = browser.find_elements(By.CSS_SELECTOR, "[data-result]")
    return [str(element.get_attribute("id")) for element in found if element.is_displayed()]


def search(browser: webdriver.Chrome, text: str) -> None:
    field = browser.find_element(By.NAME, "text")
    field.clear()
    field.send_keys(text)


def complaints(browser: webdriver.Chrome) -> list[str]:
    """What the console says, refusals of the content security policy included."""
    return [entry["message"] for entry in browser.get_log("browser")]


def requests(browser: webdriver.Chrome) -> list[str]:
    """Addresses that the page in view asked for."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    sent = [event["params"] for event in events if event["method"] == "Network.requestWillBeSent"]
    return [each["request"]["url"] for each in sent if each["documentURL"] == browser.current_url]


def test_hostile_names_do_nothing_and_show_as_they_are(browser: webdriver.Chrome, page: Page) -> None:
    browser.get(page(hostile_audit()))
    assert browser.title == f"Audit de sécurité Active Directory – {HOSTILE_NAMES[0]}"
    assert browser.execute_script("return document.images.length") == 0
    assert complaints(browser) == []
    shown = browser.find_element(By.ID, "vuln_hostile").text
    for name in HOSTILE_NAMES[:4]:
        assert name in shown


@pytest.mark.parametrize("width", [1280, 800, 500, 360])
def test_nothing_is_wider_than_the_window(browser: webdriver.Chrome, page: Page, width: int) -> None:
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    )
    browser.get(page(hostile_audit()))
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width


def test_the_page_asks_for_nothing(browser: webdriver.Chrome, page: Page) -> None:
    browser.get(page(full_audit()))
    search(browser, "admin1")
    assert {url for url in requests(browser) if not url.startswith("data:")} == {browser.current_url}
    assert complaints(browser) == []


def test_search_keeps_the_findings_and_rows_that_match(browser: webdriver.Chrome, page: Page) -> None:
    browser.get(page(full_audit()))
    everything = visible_results(browser)
    assert len(everything) == 7  # of nine: what is compliant and what was not assessed is folded
    search(browser, "VACATAIRE30")
    assert visible_results(browser) == ["vuln_user_accounts_dormant"]
    rows = browser.find_elements(By.CSS_SELECTOR, "#vuln_user_accounts_dormant table.proof > tbody")
    assert [row.text.split()[0] for row in rows if row.is_displayed()] == ["vacataire30"]
    assert "1 / 9" in browser.find_element(By.TAG_NAME, "output").text
    search(browser, "proprietaires")
    assert visible_results(browser) == ["vuln_owner"]
    browser.find_element(By.CSS_SELECTOR, "button[type=reset]").click()
    assert visible_results(browser) == everything


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("priority", "2", ["vuln_permissions_dc"]),
        ("family", "trusts", ["info_trusts"]),
        ("status", "not_assessed", ["vuln_spn_priv"]),
        ("status", "compliant", ["vuln_krbtgt_ok"]),
    ],
)
def test_filters_keep_what_was_chosen(
    browser: webdriver.Chrome, page: Page, field: str, value: str, expected: list[str]
) -> None:
    browser.get(page(full_audit()))
    Select(browser.find_element(By.NAME, field)).select_by_value(value)
    assert visible_results(browser) == expected


def test_an_address_within_a_fold_opens_it(browser: webdriver.Chrome, page: Page) -> None:
    browser.get(page(full_audit()))
    browser.find_element(By.CSS_SELECTOR, "#lift ~ ul a[href='#vuln_spn_priv']").click()
    assert "vuln_spn_priv" in visible_results(browser)


def test_filtering_stays_quick_with_many_rows(browser: webdriver.Chrome, page: Page) -> None:
    many = tuple(subject(n, f"compte{n:05}") for n in range(20_000))
    browser.get(page(make_audit(*(result(rule(f"vuln_{i}", "X"), level=1, subjects=many) for i in range(5)))))
    search(browser, f"compte{MOST_ROWS - 1:05}")
    assert len(visible_results(browser)) == 5


def test_without_scripts_everything_is_there(browser_without_scripts: webdriver.Chrome, page: Page) -> None:
    browser = browser_without_scripts
    browser.get(page(full_audit()))
    assert not browser.find_element(By.ID, "filters").is_displayed()
    assert len(visible_results(browser)) == 7
    browser.find_element(By.CSS_SELECTOR, "#compliant summary").click()
    assert "vuln_krbtgt_ok" in visible_results(browser)
    fold = browser.find_element(By.CSS_SELECTOR, "#vuln_user_accounts_dormant details")
    fold.find_element(By.TAG_NAME, "summary").click()
    assert "vacataire30" in fold.text


def test_on_paper_pages_are_a4_and_folded_rows_are_printed(
    browser_without_scripts: webdriver.Chrome, page: Page
) -> None:
    browser = browser_without_scripts
    browser.get(page(full_audit()))
    pdf = printed(browser)
    boxes = {tuple(round(float(n)) for n in box.split()) for box in re.findall(rb"/MediaBox ?\[([^\]]*)\]", pdf)}
    assert boxes == {(0, 0, *A4_POINTS)}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    printed_rows = browser.execute_script(
        "return Array.from(document.querySelectorAll('#vuln_user_accounts_dormant details tbody'))"
        ".filter(row => row.checkVisibility() && row.getBoundingClientRect().height > 0).length"
    )
    assert printed_rows == 20


def test_on_paper_nothing_is_cut_on_the_right(browser: webdriver.Chrome, page: Page) -> None:
    """At the width that an A4 page leaves between its margins: 182 mm, 688 CSS pixels."""
    browser.get(page(hostile_audit()))
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 688, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
    )
    overflowing = browser.execute_script(
        "return Array.from(document.querySelectorAll('main *')).filter(e => e.getBoundingClientRect().right > 688.5)"
        ".map(e => e.tagName)"
    )
    assert overflowing == []


def test_text_contrasts_with_what_is_behind_it(browser: webdriver.Chrome, page: Page) -> None:
    """WCAG 2.2, success criterion 1.4.3: at least 4.5 to 1."""
    browser.get(page(full_audit()))
    worst = browser.execute_script(CONTRAST)
    assert worst["ratio"] >= 4.5, worst


def test_the_page_is_built_for_assistive_readers(browser: webdriver.Chrome, page: Page) -> None:
    browser.get(page(full_audit()))
    assert browser.find_element(By.TAG_NAME, "html").get_attribute("lang") == "fr"
    levels = [int(e.tag_name[1]) for e in browser.find_elements(By.CSS_SELECTOR, "h1, h2, h3, h4, h5")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert browser.find_elements(By.CSS_SELECTOR, "table:not(:has(thead th[scope=col]))") == []
    assert browser.find_elements(By.CSS_SELECTOR, "input:not(label input), select:not(label select)") == []
    missing = browser.execute_script(
        "return Array.from(document.querySelectorAll('a[href^=\"#\"]'))"
        ".map(a => a.hash.slice(1)).filter(id => !document.getElementById(id))"
    )
    assert missing == []


def printed(browser: webdriver.Chrome) -> bytes:
    answer = browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True})
    return base64.b64decode(answer["data"])


CONTRAST = """
function channels(color) { return color.match(/[\\d.]+/g).map(Number); }
function luminance(color) {
  const [r, g, b] = channels(color).map(c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function behind(element) {
  for (let e = element; e; e = e.parentElement) {
    const color = getComputedStyle(e).backgroundColor;
    if (channels(color)[3] !== 0) return color;
  }
  return "rgb(255, 255, 255)";
}
let worst = {ratio: 21};
for (const e of document.querySelectorAll("body *")) {
  if (!Array.from(e.childNodes).some(n => n.nodeType === 3 && n.data.trim()) || !e.checkVisibility()) continue;
  const [a, b] = [luminance(getComputedStyle(e).color), luminance(behind(e))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < worst.ratio) worst = {ratio, text: e.textContent.slice(0, 40), element: e.tagName, name: e.className};
}
return worst;
"""
