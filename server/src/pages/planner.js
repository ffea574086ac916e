"use strict";
// Turns the form into an address, and the address into a page of options. No figure is made here.
(() => {
  const prefix = document.currentScript.dataset.prefix;
  const form = document.getElementById("question");
  const said = document.getElementById("said");
  const wrong = document.getElementById("wrong");
  const answer = document.getElementById("answer");
  const lists = (name) => Array.from(form.querySelectorAll(`[data-list="${name}"]`));
  const ANY_DAYS = "91";

  const query = () => {
    const words = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value.trim() !== "") words.set(name, value.trim());
    const modes = lists("modes").filter((box) => box.checked).map((box) => box.value);
    if (modes.length > 0 && modes.length < lists("modes").length) words.set("modes", modes.join(","));
    const closed = lists("closed").filter((box) => box.checked).map((box) => box.value);
    const avoid = [words.get("avoid") || "", ...closed].filter((word) => word !== "");
    if (avoid.length > 0) words.set("avoid", avoid.join(","));
    // Without a price there is no currency to convert costs to.
    if (words.get("carbon_price") === "0") { words.delete("carbon_price"); words.delete("currency"); }
    if (words.get("max_days") === ANY_DAYS) words.delete("max_days");
    return words;
  };

  const fill = (words) => {
    for (const [name, value] of words) {
      if (name === "avoid" || name === "modes") continue;
      const field = form.elements.namedItem(name);
      if (!field || !("value" in field)) continue;
      if (field.type === "checkbox") field.checked = value === "1"; else field.value = value;
    }
    const modes = (words.get("modes") || "").split(",").filter(Boolean);
    for (const box of lists("modes")) box.checked = modes.length === 0 || modes.includes(box.value);
    const avoid = (words.get("avoid") || "").split(",").filter(Boolean);
    for (const box of lists("closed")) box.checked = avoid.includes(box.value);
    const passages = lists("closed").map((box) => box.value);
    form.elements.namedItem("avoid").value = avoid.filter((word) => !passages.includes(word)).join(", ");
  };

  const outputs = () => {
    const value = (name) => form.elements.namedItem(name).value;
    const texts = {
      carbon_price: value("carbon_price") === "0" ? "none" : `${value("carbon_price")} ${value("currency")} per tonne`,
      max_days: value("max_days") === ANY_DAYS ? "any" : value("max_days"),
      options: value("options"),
    };
    for (const [name, text] of Object.entries(texts)) {
      form.querySelector(`[data-of="${name}"]`).textContent = text;
      form.elements.namedItem(name).setAttribute("aria-valuetext", text);
    }
  };

  // An answer never stands under a question that it is not of.
  const refuse = (text) => {
    wrong.textContent = text;
    wrong.hidden = false;
    said.textContent = "";
    document.getElementById("links").hidden = true;
    answer.replaceChildren();
  };

  // The page that is shown stays until the next one is there, so that nothing flickers.
  let asked = "";
  const show = (words) => {
    asked = words;
    const begun = performance.now();
    const frame = document.createElement("iframe");
    frame.title = "Options";
    frame.className = "coming";
    frame.addEventListener("load", () => {
      const inside = frame.contentDocument;
      const refused = inside && inside.querySelector("[data-refused]");
      if (words !== asked) { frame.remove(); return; }
      if (!inside || !inside.body) return refuse("No answer. Load this page again; it asks you to log in where the session is over.");
      if (refused) return refuse(refused.textContent);
      wrong.hidden = true;
      for (const other of Array.from(answer.children)) if (other !== frame) other.remove();
      frame.className = "";
      const fit = () => { frame.style.height = `${Math.ceil(inside.documentElement.getBoundingClientRect().height)}px`; };
      fit();
      new ResizeObserver(fit).observe(inside.documentElement);
      const count = new Set(Array.from(inside.querySelectorAll("button.pick"), (button) => button.value)).size;
      said.textContent = `${count} ${count === 1 ? "option" : "options"}`;
      said.dataset.took = String(Math.round(performance.now() - begun));
      document.getElementById("links").hidden = false;
      for (const [id, path] of [["whole", "compare.html"], ["csv", "compare.csv"], ["json", "compare.json"]]) {
        document.getElementById(id).href = `${prefix}/${path}?${words}`;
      }
      document.getElementById("self").href = `${prefix}/?${words}`;
      history.replaceState(null, "", `${prefix}/?${words}`);
    });
    frame.src = `${prefix}/compare.html?${words}`;
    answer.append(frame);
  };

  let waiting = 0;
  const ask = () => {
    outputs();
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const words = query();
      if (!lists("modes").some((box) => box.checked)) { asked = ""; return refuse("Choose a mode."); }
      if (words.has("from") && words.has("to") && words.toString() !== asked) show(words.toString());
    }, 80);
  };

  // Suggestions of places: the word after the last comma counts.
  const suggest = (field) => {
    let latest = 0;
    field.addEventListener("input", async () => {
      const before = field.value.includes(",") ? field.value.slice(0, field.value.lastIndexOf(",") + 1) + " " : "";
      const word = field.value.slice(before.length > 0 ? before.length - 1 : 0).trim();
      if (word.length < 2) return;
      const number = ++latest;
      const answered = await fetch(`${prefix}/places.json?q=${encodeURIComponent(word)}`);
      if (!answered.ok || number !== latest) return;
      const places = await answered.json();
      field.list.replaceChildren(...places.map((place) => {
        const option = document.createElement("option");
        option.value = before + place.code;
        option.textContent = `${place.name}, ${place.country}`;
        option.label = `${place.code} ${place.name}, ${place.country}`;
        return option;
      }));
    });
  };
  for (const field of form.querySelectorAll("input[list]")) suggest(field);

  // A place is asked for when it is chosen or left, everything else at once.
  form.addEventListener("input", (event) => {
    const isTyped = event.target.type === "text" && event.inputType && event.inputType !== "insertReplacementText";
    if (isTyped) outputs(); else ask();
  });
  form.addEventListener("change", ask);
  form.addEventListener("submit", (event) => { event.preventDefault(); ask(); });
  document.getElementById("turn").addEventListener("click", () => {
    const [from, to] = ["from", "to"].map((name) => form.elements.namedItem(name));
    [from.value, to.value] = [to.value, from.value];
    ask();
  });
  form.elements.namedItem("depart").value = new Date().toISOString().slice(0, 10);
  fill(new URLSearchParams(location.search));
  ask();
})();
