"use strict";
(() => {
  const all = (selector) => Array.from(document.querySelectorAll(selector));
  const status = document.getElementById("status");
  let chosen = "";
  // One option at most is chosen; choosing it again lets it go.
  const choose = (id) => {
    chosen = chosen === id ? "" : id;
    document.body.classList.toggle("picked", chosen !== "");
    for (const part of all("[data-option]")) part.classList.toggle("chosen", part.dataset.option === chosen);
    for (const button of all("button.pick")) button.setAttribute("aria-pressed", String(button.value === chosen));
    const way = document.querySelector(".way.chosen");
    if (way) way.parentNode.insertBefore(way, way.parentNode.querySelector("circle.place"));
    const row = document.querySelector("tr.chosen");
    status.textContent = row ? "Option " + chosen + ": " + row.dataset.says : "No option is chosen.";
  };
  for (const button of all("button.pick")) button.addEventListener("click", () => choose(button.value));
  for (const dot of all(".dot")) {
    dot.addEventListener("click", () => choose(dot.dataset.option));
    dot.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(dot.dataset.option); }
    });
  }
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && chosen) choose(chosen); });
  const scale = document.getElementById("scale");
  scale.addEventListener("change", () => {
    const most = Number(scale.value);
    for (const row of all(".bars li")) {
      const total = Number(row.dataset.total);
      row.querySelector(".bar").style.width = Math.min(100, 100 * total / most) + "%";
      row.classList.toggle("over", total > most);
    }
  });
  let opened = [];
  addEventListener("beforeprint", () => { opened = all("details:not([open])"); for (const part of opened) part.open = true; });
  addEventListener("afterprint", () => { for (const part of opened) part.open = false; });
})();
