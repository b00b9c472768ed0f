"use strict";
(function () {
  function copyOf(element) {
    const copy = element.cloneNode(true);
    copy.removeAttribute("id");
    return copy;
  }

  function showProof(event) {
    const link = event.target.closest("a[data-proof]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) {
      return;
    }
    event.preventDefault();
    const holder = link.closest(".told-of") || link.closest("[data-after]");
    const shown = holder.matches(".told-of") ? null : holder.nextElementSibling;
    if (shown?.matches(".opened")) {
      shown.remove();
      if (shown.dataset.of === link.dataset.proof) {
        return;
      }
    }
    const copy = copyOf(document.getElementById(link.dataset.proof));
    copy.dataset.of = link.dataset.proof;
    if (holder.matches(".told-of")) {
      holder.replaceChildren(copy);
    } else {
      copy.classList.add("opened");
      holder.after(copy);
    }
  }

  document.addEventListener("click", showProof);

  const picture = document.getElementById("picture");
  if (!picture) {
    return;
  }
  const data = JSON.parse(document.getElementById("picture-data").textContent);
  const canvas = picture.querySelector(".canvas");
  const panel = picture.querySelector(".told-of");
  const columns = new Map();
  for (const node of data.nodes) {
    columns.set(node.at[0], (columns.get(node.at[0]) || 0) + 1);
  }
  const width = 220 * Math.max(columns.size - 1, 1);
  const height = 64 * Math.max(...columns.values());
  canvas.style.height = `${Math.min(Math.max(height + 40, 260), 720)}px`;
  picture.hidden = false;
  picture.parentElement.classList.add("live");

  const cy = cytoscape({
    container: canvas,
    layout: { name: "preset" },
    autoungrabify: true,
    boxSelectionEnabled: false,
    userZoomingEnabled: false,
    minZoom: 0.2,
    maxZoom: 3,
    elements: [
      ...data.nodes.map((node) => ({
        group: "nodes",
        data: { id: `n${node.id}`, label: node.label, shows: `node-${node.id}` },
        classes: node.goal ? `${node.look} goal` : node.look,
        position: { x: node.at[0] * width, y: node.at[1] * height },
      })),
      ...data.edges.map((edge) => ({
        group: "edges",
        data: {
          id: `e${edge.proof}`,
          source: `n${edge.from}`,
          target: `n${edge.to}`,
          label: edge.label,
          shows: `proof-${edge.proof}`,
        },
      })),
    ],
    style: [
      {
        selector: "node",
        style: {
          "width": 26,
          "height": 26,
          "shape": "polygon",
          "label": "data(label)",
          "font-size": 12,
          "color": "#1c2733",
          "text-valign": "bottom",
          "text-margin-y": 3,
          "text-background-color": "#fff",
          "text-background-opacity": 0.85,
        },
      },
      ...Object.entries(data.looks).map(([name, [colour, corners]]) => ({
        selector: `node.${name}`,
        style: { "background-color": colour, "shape-polygon-points": corners },
      })),
      { selector: "node.goal", style: { "border-width": 5, "border-color": "#9f1420", "font-weight": "bold" } },
      {
        selector: "edge",
        style: {
          "width": 1.6,
          "line-color": "#7d8a97",
          "target-arrow-color": "#7d8a97",
          "target-arrow-shape": "triangle",
          "curve-style": "bezier",
          "font-size": 10,
          "color": "#51606f",
          "text-background-color": "#fff",
          "text-background-opacity": 0.85,
          "label": data.edges.length > 40 ? "" : "data(label)",
        },
      },
      {
        selector: ":selected",
        style: { "line-color": "#0b4f8a", "target-arrow-color": "#0b4f8a", "underlay-color": "#e0a100", "underlay-opacity": 0.5 },
      },
      { selector: "edge:selected", style: { "label": "data(label)", "width": 3 } },
    ],
  });

  function fit() {
    cy.resize();
    cy.fit(undefined, 24);
    const readable = Math.min(Math.max(cy.zoom(), 0.55), 1.15);
    if (readable !== cy.zoom()) {
      cy.zoom(readable);
      cy.center(readable === 0.55 ? cy.nodes(".goal") : undefined);
    }
  }

  cy.on("tap", "node, edge", (event) => {
    panel.replaceChildren(copyOf(document.getElementById(event.target.data("shows"))));
  });
  picture.querySelector(".zoom").addEventListener("click", (event) => {
    const factor = Number(event.target.dataset.zoom);
    if (factor) {
      cy.zoom({ level: cy.zoom() * factor, renderedPosition: { x: cy.width() / 2, y: cy.height() / 2 } });
    } else if (event.target.dataset.zoom) {
      fit();
    }
  });
  window.addEventListener("resize", fit);
  fit();
})();
