"use strict";
// Turns the form into an address, and the address into a page of options. No figure is made here.
(() => {
  const prefix = document.currentScript.dataset.prefix;
  const form = document.getElementById("question");
  const words = JSON.parse(form.dataset.words);
  const said = document.getElementById("said");
  const wrong = document.getElementById("wrong");
  const wider = document.getElementById("wider");
  const answer = document.getElementById("answer");
  const gridOn = document.getElementById("grid-on");
  const lists = (name) => Array.from(form.querySelectorAll(`[data-list="${name}"]`));
  const field = (name) => form.elements.namedItem(name);
  const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const label = (name) => words[`field_${name}`] || name;
  // At its end the slider asks for no limit.
  const isAny = () => field("max_days").value === field("max_days").max;
  const CHANGES = ["hvo", "methanol", "grid", "load", "load_mode"];
  const NO_QUESTION = ["lang", "beside"];
  const MOST_BESIDE = 6;
  let kept = [];

  const query = () => {
    const asked = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value.trim() !== "") asked.set(name, value.trim());
    const modes = lists("modes").filter((box) => box.checked).map((box) => box.value);
    if (modes.length > 0 && modes.length < lists("modes").length) asked.set("modes", modes.join(","));
    const closed = lists("closed").filter((box) => box.checked).map((box) => box.value);
    const avoid = [asked.get("avoid") || "", ...closed].filter((word) => word !== "");
    if (avoid.length > 0) asked.set("avoid", avoid.join(","));
    // Without a price there is no currency to convert costs to.
    if (asked.get("carbon_price") === "0") { asked.delete("carbon_price"); asked.delete("currency"); }
    if (isAny()) asked.delete("max_days");
    if (!gridOn.checked) asked.delete("grid");
    if (asked.get("load") === "100") { asked.delete("load"); asked.delete("load_mode"); }
    return asked;
  };

  // What the address asks and the form cannot: never passed over, else the answer would be that of another question.
  const fill = (asked) => {
    const unfit = [], longer = [];
    for (const [name, value] of asked) {
      if (NO_QUESTION.includes(name) || name === "avoid" || name === "modes" || value.trim() === "") continue;
      const one = field(name);
      if (!one || !("value" in one)) { unfit.push([name, value]); continue; }
      if (one.type === "checkbox") {
        one.checked = value === "1";
        if (value !== "1" && value !== "0") unfit.push([name, value]);
      } else if (one.type === "range") {
        const number = Number(value);
        if (!Number.isFinite(number) || number < 0) { unfit.push([name, value]); continue; }
        if (number > Number(one.max)) { one.max = String(name === "max_days" ? Math.ceil(number) + 1 : number); longer.push([name, value]); }
        if (number < Number(one.min)) { one.min = value; longer.push([name, value]); }
        one.value = value;
        if (one.value !== value) { one.step = "any"; one.value = value; }
        if (Number(one.value) !== number) unfit.push([name, value]);
      } else if (one.tagName === "SELECT") {
        const isOpen = name === "container" || name === "currency";
        if (isOpen && !Array.from(one.options, (option) => option.value).includes(value)) one.add(new Option(value, value));
        one.value = value;
        if (one.value !== value) { one.selectedIndex = 0; unfit.push([name, value]); }
      } else {
        const isNumber = Number.isFinite(Number(value)), isDay = /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value));
        const fits = one.type === "number" ? isNumber : one.type !== "date" || isDay;
        if (fits) one.value = value;
        if (!fits || one.value === "") unfit.push([name, value]);
      }
    }
    if (asked.has("grid")) gridOn.checked = true;
    const modes = (asked.get("modes") || "").split(",").map((word) => word.trim()).filter(Boolean);
    for (const box of lists("modes")) box.checked = modes.length === 0 || modes.includes(box.value);
    const known = lists("modes").map((box) => box.value);
    for (const mode of modes) if (!known.includes(mode)) unfit.push(["modes", mode]);
    const avoid = (asked.get("avoid") || "").split(",").map((word) => word.trim()).filter(Boolean);
    for (const box of lists("closed")) box.checked = avoid.includes(box.value);
    const passages = lists("closed").map((box) => box.value);
    field("avoid").value = avoid.filter((word) => !passages.includes(word)).join(", ");
    const told = (text, all) => all.map(([name, value]) => filled(text, { name: label(name), value })).join(" ");
    wider.textContent = told(words.say_wider, longer);
    wider.hidden = longer.length === 0;
    return told(words.say_unfit, unfit);
  };

  const outputs = () => {
    const value = (name) => field(name).value;
    const texts = {
      carbon_price: value("carbon_price") === "0" ? words.say_none : filled(words.say_price, { price: value("carbon_price"), currency: value("currency") }),
      max_days: isAny() ? words.say_any : value("max_days"),
      options: value("options"),
      grid: value("grid"),
      load: filled(words.say_load, { load: value("load") }),
    };
    for (const [name, text] of Object.entries(texts)) {
      form.querySelector(`[data-of="${name}"]`).textContent = text;
      field(name).setAttribute("aria-valuetext", text);
    }
    field("grid").disabled = !gridOn.checked;
  };

  // An answer never stands under a question that it is not of.
  const refuse = (text) => {
    wrong.textContent = text;
    wrong.hidden = false;
    said.textContent = "";
    document.getElementById("links").hidden = true;
    answer.replaceChildren();
  };

  const address = (asked) => {
    const all = new URLSearchParams(asked);
    for (const other of kept) all.append("beside", other);
    return `${prefix}/?${all}`;
  };
  const tell = () => {
    history.replaceState(null, "", address(asked));
    document.getElementById("self").href = address(asked);
    const language = document.getElementById("language");
    language.href = `${address(asked)}&lang=${language.lang}`;
  };

  // The page that is shown stays until the next one is there, so that nothing flickers.
  let asked = "";
  const show = (now) => {
    asked = now;
    const begun = performance.now();
    const frame = document.createElement("iframe");
    frame.title = words.say_options_title;
    frame.className = "coming";
    frame.addEventListener("load", () => {
      const inside = frame.contentDocument;
      const refused = inside && inside.querySelector("[data-refused]");
      if (now !== asked) { frame.remove(); return; }
      if (!inside || !inside.body) return refuse(words.say_no_answer);
      if (refused) return refuse(refused.textContent);
      wrong.hidden = true;
      for (const other of Array.from(answer.children)) if (other !== frame) other.remove();
      frame.className = "";
      const fit = () => { frame.style.height = `${Math.ceil(inside.documentElement.getBoundingClientRect().height)}px`; };
      fit();
      new ResizeObserver(fit).observe(inside.documentElement);
      const count = new Set(Array.from(inside.querySelectorAll("button.pick"), (button) => button.value)).size;
      said.textContent = count === 1 ? words.say_option : filled(words.say_options, { count });
      said.dataset.count = String(count);
      said.dataset.took = String(Math.round(performance.now() - begun));
      document.getElementById("links").hidden = false;
      for (const [id, path] of [["whole", "compare.html"], ["csv", "compare.csv"], ["json", "compare.json"], ["scenario", "scenario.toml"]]) {
        document.getElementById(id).href = `${prefix}/${path}?${now}`;
      }
      const names = new URLSearchParams(now);
      document.getElementById("scenario").hidden = !CHANGES.some((name) => names.has(name));
      tell();
    });
    frame.src = `${prefix}/compare.html?${now}`;
    answer.append(frame);
  };

  let waiting = 0;
  const ask = () => {
    outputs();
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const now = query();
      if (!lists("modes").some((box) => box.checked)) { asked = ""; return refuse(words.say_no_mode); }
      if (now.has("from") && now.has("to") && now.toString() !== asked) show(now.toString());
    }, 80);
  };

  // Questions side by side: what the head of each one's page says.
  const beside = document.getElementById("beside");
  const rows = beside.querySelector("tbody");
  const cell = (text) => {
    const made = document.createElement("td");
    made.className = "left wrap";
    made.textContent = text;
    return made;
  };
  const row = async (other) => {
    const line = document.createElement("tr");
    const names = new URLSearchParams(other);
    const rest = Array.from(names).filter(([name]) => name !== "from" && name !== "to");
    const link = document.createElement("a");
    link.href = address(other);
    link.textContent = `${names.get("from")} → ${names.get("to")}`;
    link.title = words.beside_open;
    const head = cell("");
    head.append(link, document.createElement("br"), rest.map(([name, value]) => `${label(name)} ${value}`).join(", "));
    const away = document.createElement("button");
    away.type = "button";
    away.textContent = words.beside_away;
    away.addEventListener("click", () => { kept = kept.filter((one) => one !== other); line.remove(); beside.hidden = kept.length === 0; tell(); });
    const last = document.createElement("td");
    last.append(away);
    line.append(head, last);
    rows.append(line);
    beside.hidden = false;
    const answered = await fetch(`${prefix}/compare.html?${other}`);
    // The head of the page alone: its styles are its own.
    const said = (await answered.text()).match(/<ul class="tiles">[^]*?<\/ul>|<p data-refused[^]*?<\/p>/);
    const page = new DOMParser().parseFromString(said ? said[0] : "", "text/html");
    const refused = page.querySelector("[data-refused]");
    const tiles = Array.from(page.querySelectorAll(".tiles li"));
    const text = (part) => (part ? part.textContent.replace(/\s+/g, " ").trim() : words.unknown);
    // The last tile is that of the cost; of the others one may be missing.
    const found = [tiles.length > 1 ? tiles[0] : null, tiles.length > 2 ? tiles[1] : null, tiles[tiles.length - 1]];
    for (const tile of refused ? [refused] : found) last.before(cell(refused ? text(tile) : tile ? `${text(tile.querySelector("strong"))} (${text(tile.querySelector("small"))})` : words.unknown));
    if (refused) last.previousSibling.colSpan = 3;
  };
  const keep = (other) => {
    if (other === "" || kept.includes(other) || kept.length >= MOST_BESIDE) return;
    kept.push(other);
    row(other);
  };
  document.getElementById("keep").addEventListener("click", () => { keep(asked); tell(); });

  // Suggestions of places: the word after the last comma counts.
  const suggest = (one) => {
    let latest = 0;
    one.addEventListener("input", async () => {
      const before = one.value.includes(",") ? one.value.slice(0, one.value.lastIndexOf(",") + 1) + " " : "";
      const word = one.value.slice(before.length > 0 ? before.length - 1 : 0).trim();
      if (word.length < (/[^\u0000-\u024f]/.test(word) ? 1 : 2)) return;
      const number = ++latest;
      const answered = await fetch(`${prefix}/places.json?q=${encodeURIComponent(word)}`);
      if (!answered.ok || number !== latest) return;
      const places = await answered.json();
      one.list.replaceChildren(...places.map((place) => {
        const option = document.createElement("option");
        option.value = before + place.code;
        option.textContent = `${place.name}, ${place.country}`;
        option.label = `${place.code} ${place.name}, ${place.country}`;
        return option;
      }));
    });
  };
  for (const one of form.querySelectorAll("input[list]")) suggest(one);

  // A place is asked for when it is chosen or left, everything else at once.
  form.addEventListener("input", (event) => {
    const isTyped = event.target.type === "text" && event.inputType && event.inputType !== "insertReplacementText";
    if (isTyped) outputs(); else ask();
  });
  form.addEventListener("change", ask);
  form.addEventListener("submit", (event) => { event.preventDefault(); ask(); });
  document.getElementById("turn").addEventListener("click", () => {
    [field("from").value, field("to").value] = [field("to").value, field("from").value];
    ask();
  });
  const first = new URLSearchParams(location.search);
  if (!first.has("arrive_by")) field("depart").value = new Date().toISOString().slice(0, 10);
  const unfit = fill(first);
  if (unfit === "") ask(); else { outputs(); refuse(unfit); }
  for (const other of first.getAll("beside")) keep(other);
})();
