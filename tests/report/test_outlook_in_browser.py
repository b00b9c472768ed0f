"""Paths, proofs and picture in a real browser: what a click opens, what works without scripts, what paper shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from adaudit.engine.model import Audit
from adaudit.graph.answers.told import Outlook
from tests.report.audits import full_audit, hostile_audit
from tests.report.outlooks import hostile_outlook, make_outlook
from tests.report.test_report_in_browser import CONTRAST, complaints, requests

pytestmark = pytest.mark.browser

Page = Callable[[Audit], str]
MIDDLE = """
const cy = document.querySelector("#picture .canvas")._cyreg.cy;
const found = cy.$(arguments[0]).filter(e => e.data("label") === arguments[1])[0];
const at = found.isNode() ? found.renderedPosition() : found.renderedMidpoint();
return [at.x - cy.width() / 2, at.y - cy.height() / 2];
"""


def audit(outlook: Outlook | None = None) -> Audit:
    return replace(full_audit(), outlook=outlook or make_outlook())


def click_drawn(browser: webdriver.Chrome, kind: str, label: str) -> str:
    """Click a node or an edge of the picture by its label, and return what the panel says."""
    canvas = browser.find_element(By.CSS_SELECTOR, "#picture .canvas")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", canvas)
    x, y = browser.execute_script(MIDDLE, kind, label)
    ActionChains(browser).move_to_element_with_offset(canvas, round(x), round(y)).click().perform()
    return browser.find_element(By.CSS_SELECTOR, "#picture .told-of").text


def test_an_edge_of_the_picture_says_why_it_exists_and_how_to_remove_it(browser: webdriver.Chrome, page: Page) -> None:
    browser.get(page(audit()))
    assert not browser.find_element(By.CSS_SELECTOR, "figure.static").is_displayed()
    told = click_drawn(browser, "edge", "ForceChangePassword")
    assert "sans connaître l'ancien" in told
    assert "CN=svc-sauvegarde,OU=Comptes,DC=chu,DC=example" in told
    assert "(OA;;CR;00299570-246d-11d0-a768-00aa006e0529;;" in told
    assert "L'audit ne connaît pas de changement unique" in told
    planned = click_drawn(browser, "edge", "DCSync")
    assert "Retirer de « chu.example » l'ACE de « svc-sauvegarde »" in planned
    assert "Changement 2 du plan" in planned


def test_a_node_of_the_picture_says_what_it_is_and_its_steps_open_beside_it(
    browser: webdriver.Chrome, page: Page
) -> None:
    browser.get(page(audit()))
    told = click_drawn(browser, "node", "Support informatique")
    assert "312 comptes y passent" in told
    assert "CN=Support informatique,OU=Comptes,DC=chu,DC=example" in told
    browser.find_element(By.CSS_SELECTOR, "#picture .told-of .hop").click()
    assert "sans connaître l'ancien" in browser.find_element(By.CSS_SELECTOR, "#picture .told-of").text


def test_the_picture_breaks_no_policy_and_asks_for_nothing(browser: webdriver.Chrome, page: Page) -> None:
    browser.get(page(audit()))
    click_drawn(browser, "edge", "DCSync")
    browser.find_element(By.CSS_SELECTOR, "[data-zoom='1.3']").click()
    browser.find_element(By.CSS_SELECTOR, "[data-zoom='0']").click()
    assert {url for url in requests(browser) if not url.startswith("data:")} == {browser.current_url}
    assert complaints(browser) == []


def test_an_arrow_opens_its_proof_in_place_by_keyboard_and_closes_it(browser: webdriver.Chrome, page: Page) -> None:
    browser.get(page(audit()))
    arrow = browser.find_element(By.CSS_SELECTOR, ".alarm .hop")
    arrow.send_keys(Keys.ENTER)
    opened = browser.find_element(By.CSS_SELECTOR, ".alarm .opened")
    assert "ESC1" in opened.text
    assert "Changement 1 du plan" in opened.text
    arrow.send_keys(Keys.ENTER)
    assert browser.find_elements(By.CSS_SELECTOR, ".alarm .opened") == []


def test_from_the_sentence_to_the_plan_to_the_proof(browser: webdriver.Chrome, page: Page) -> None:
    browser.get(page(audit()))
    browser.find_element(By.CSS_SELECTOR, ".opening a[href='#plan-3']").click()
    step = browser.find_element(By.CSS_SELECTOR, "#plan-3 .hop")
    assert step.is_displayed()
    step.click()
    assert "CN=i.martin,OU=Comptes" in browser.find_element(By.CSS_SELECTOR, "#plan-3 .opened").text


def test_hostile_names_do_nothing_in_the_picture(browser: webdriver.Chrome, page: Page) -> None:
    hostile = replace(hostile_audit(), outlook=hostile_outlook())
    browser.get(page(hostile))
    click_drawn(browser, "node", "$x^$")
    assert "hacked'" in browser.title  # the name of the forest, shown as it is
    assert browser.title.startswith("Audit de sécurité")
    assert complaints(browser) == []


@pytest.mark.parametrize("width", [1200, 700, 500, 360])
def test_neither_paths_nor_proofs_are_wider_than_the_window(browser: webdriver.Chrome, page: Page, width: int) -> None:
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    )
    browser.get(page(audit(hostile_outlook())))
    for arrow in browser.find_elements(By.CSS_SELECTOR, "#attack-paths .hop")[:3]:
        browser.execute_script("arguments[0].click()", arrow)
    browser.execute_script("document.querySelectorAll('#attack-paths details').forEach(e => e.open = true)")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width


def test_without_scripts_the_figure_the_list_and_the_proofs_are_there(
    browser_without_scripts: webdriver.Chrome, page: Page
) -> None:
    browser = browser_without_scripts
    browser.get(page(audit()))
    figure = browser.find_element(By.CSS_SELECTOR, "figure.static img")
    assert figure.is_displayed()
    assert figure.size["width"] > 500
    assert not browser.find_element(By.ID, "picture").is_displayed()
    browser.find_element(By.CSS_SELECTOR, ".as-list summary").click()
    assert "i.martin utilisateur 312 comptes semblables" in browser.find_element(By.CSS_SELECTOR, ".drawn").text
    arrow = browser.find_element(By.CSS_SELECTOR, ".alarm .hop")
    arrow.click()
    proof = browser.find_element(By.CSS_SELECTOR, str(arrow.get_attribute("hash")))
    assert "msPKI-Certificate-Name-Flag" in proof.text


def test_on_paper_the_figure_and_every_proof_are_printed(browser: webdriver.Chrome, page: Page) -> None:
    browser.get(page(audit()))
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 688, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
    )
    assert browser.find_element(By.CSS_SELECTOR, "figure.static img").is_displayed()
    assert not browser.find_element(By.ID, "picture").is_displayed()
    shown = browser.execute_script(
        "return Array.from(document.querySelectorAll('.step-proof')).filter(e => e.getBoundingClientRect().height > 50)"
        ".length"
    )
    assert shown == len(browser.find_elements(By.CSS_SELECTOR, ".step-proof")) > 10
    overflowing = browser.execute_script(
        "return Array.from(document.querySelectorAll('main *')).filter(e => e.getBoundingClientRect().right > 688.5)"
        ".map(e => e.tagName + e.className)"
    )
    assert overflowing == []


def test_paths_and_proofs_are_legible_and_built_for_assistive_readers(browser: webdriver.Chrome, page: Page) -> None:
    browser.get(page(audit()))
    browser.execute_script("document.querySelectorAll('details').forEach(e => e.open = true)")
    worst = browser.execute_script(CONTRAST)
    assert worst["ratio"] >= 4.5, worst
    assert browser.find_elements(By.CSS_SELECTOR, "table:not(:has(thead th[scope=col]))") == []
    levels = [int(e.tag_name[1]) for e in browser.find_elements(By.CSS_SELECTOR, "h1, h2, h3, h4, h5")]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert browser.find_element(By.CSS_SELECTOR, "#picture .canvas").get_attribute("aria-label")
