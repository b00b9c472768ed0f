"use strict";
(function () {
  const form = document.getElementById("filters");
  const results = Array.from(document.querySelectorAll("[data-result]"));
  const groups = Array.from(document.querySelectorAll("[data-group]"));
  const shown = form.querySelector("output");

  function folded(text) {
    return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  }

  const texts = new Map(results.map((result) => [result, folded(result.textContent)]));

  function filterRows(result, text) {
    const rows = Array.from(result.querySelectorAll("table.proof > tbody"));
    const matching = new Set(text ? rows.filter((row) => folded(row.textContent).includes(text)) : []);
    for (const row of rows) {
      row.hidden = matching.size > 0 && !matching.has(row);
    }
    for (const fold of result.querySelectorAll("details")) {
      fold.open = Array.from(matching).some((row) => fold.contains(row));
    }
  }

  function unfoldFound(results, isFiltering) {
    for (const fold of document.querySelectorAll("details.body")) {
      if (!fold.closest("[data-result]")) {
        fold.open = isFiltering && results.some((result) => !result.hidden && fold.contains(result));
      }
    }
  }

  function unfold() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let fold = target?.closest("details"); fold; fold = fold.parentElement.closest("details")) {
      fold.open = true;
    }
    if (target?.matches("[data-result]")) {
      target.querySelector(":scope > details.body")?.setAttribute("open", "");
    }
    target?.scrollIntoView();
  }

  function filter() {
    const text = folded(form.elements.text.value.trim());
    const isFiltering = Array.from(form.elements).some((field) => field.name && field.value !== "");
    let count = 0;
    for (const result of results) {
      const matches = ["priority", "family", "status"].every((name) => {
        const wanted = form.elements[name].value;
        return wanted === "" || result.dataset[name] === wanted;
      }) && texts.get(result).includes(text);
      result.hidden = !matches;
      count += matches ? 1 : 0;
      if (matches) {
        filterRows(result, text);
      }
    }
    unfoldFound(results, isFiltering);
    for (const group of groups) {
      group.hidden = !group.querySelector("[data-result]:not([hidden])");
    }
    shown.textContent = `${count} / ${results.length}`;
  }

  function openForPrint() {
    for (const fold of document.querySelectorAll("details:not([open])")) {
      fold.open = true;
      fold.dataset.printed = "";
    }
  }

  function closeAfterPrint() {
    for (const fold of document.querySelectorAll("details[data-printed]")) {
      fold.open = false;
      delete fold.dataset.printed;
    }
  }

  form.addEventListener("input", filter);
  form.addEventListener("change", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  window.addEventListener("beforeprint", openForPrint);
  window.addEventListener("afterprint", closeAfterPrint);
  window.addEventListener("hashchange", unfold);
  form.hidden = false;
  filter();
  if (location.hash) {
    unfold();
  }
})();
