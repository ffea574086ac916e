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
  // The map is moved by its frame: what is drawn in parts of it keeps its size on the screen.
  const map = document.querySelector("svg.map"), bar = document.querySelector(".zoom");
  if (map && bar) {
    const wide = map.viewBox.baseVal.width, high = map.viewBox.baseVal.height, unit = parseFloat(map.style.getPropertyValue("--unit"));
    const MOST = 16, STEP = 1.5;
    let times = 1, x = 0, y = 0;
    const within = (at, whole) => Math.min(Math.max(at, 0), whole - whole / times);
    const draw = () => {
      x = within(x, wide); y = within(y, high);
      map.setAttribute("viewBox", [x, y, wide / times, high / times].map((part) => part.toFixed(1)).join(" "));
      map.style.setProperty("--unit", unit / times + "px");
      map.classList.toggle("zoomed", times > 1);
      // Not disabled in earnest: that would take the focus from under the keyboard.
      for (const button of bar.querySelectorAll("button")) button.setAttribute("aria-disabled", times === (button.value === "in" ? MOST : 1));
      bar.querySelector("span").textContent = times === 1 ? "" : times.toFixed(1) + " ×";
    };
    // What is at these parts of the frame stays there.
    const zoom = (by, across = .5, down = .5) => {
      const before = times;
      times = Math.min(Math.max(times * by, 1), MOST);
      x += across * (wide / before - wide / times); y += down * (high / before - high / times);
      draw();
    };
    const move = (across, down) => { x += across * wide / times; y += down * high / times; draw(); };
    const parts = (event) => { const box = map.getBoundingClientRect(); return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]; };
    const orders = { in: () => zoom(STEP), out: () => zoom(1 / STEP), whole: () => zoom(0) };
    for (const button of bar.querySelectorAll("button")) button.addEventListener("click", () => orders[button.value]());
    const keys = { "+": orders.in, "=": orders.in, "-": orders.out, "0": orders.whole, ArrowLeft: () => move(-.1, 0), ArrowRight: () => move(.1, 0), ArrowUp: () => move(0, -.1), ArrowDown: () => move(0, .1) };
    map.addEventListener("keydown", (event) => {
      const moves = event.key.startsWith("Arrow");
      if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey || (moves && times === 1)) return;
      event.preventDefault();
      keys[event.key]();
    });
    // The wheel alone scrolls the page.
    map.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom(event.deltaY < 0 ? STEP : 1 / STEP, ...parts(event));
    }, { passive: false });
    map.addEventListener("dblclick", (event) => zoom(STEP, ...parts(event)));
    let held = null;
    map.addEventListener("pointerdown", (event) => { if (times > 1 && event.button === 0) { held = parts(event); map.setPointerCapture(event.pointerId); } });
    map.addEventListener("pointermove", (event) => {
      if (!held) return;
      const now = parts(event);
      move(held[0] - now[0], held[1] - now[1]);
      held = now;
    });
    for (const end of ["pointerup", "pointercancel"]) map.addEventListener(end, () => { held = null; });
    map.setAttribute("tabindex", "0");
    map.setAttribute("aria-description", "Plus and minus zoom, arrows move, 0 shows the whole map.");
    bar.hidden = false;
    draw();
  }
  let opened = [];
  addEventListener("beforeprint", () => { opened = all("details:not([open])"); for (const part of opened) part.open = true; });
  addEventListener("afterprint", () => { for (const part of opened) part.open = false; });
})();
