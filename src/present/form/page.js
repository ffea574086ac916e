"use strict";
(() => {
  const MOST = 50;
  const byId = (id) => document.getElementById(id);
  // Figures arrive as texts and stay texts; nothing is added up or rounded here.
  const make = (name, text, className) => {
    const node = document.createElement(name);
    if (text !== undefined) node.textContent = inert(text);
    if (className) node.className = className;
    return node;
  };
  const OBEYED =
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/gu;
  const inert = (text) => String(text).replace(OBEYED, "\ufffd");
  const figure = (decimal) => {
    const parts = /^(-?)(\d+)(\.\d+)?$/.exec(decimal);
    if (!parts) return make("span", decimal);
    const node = make("span", "", "n");
    const first = (parts[2].length - 1) % 3 + 1;
    node.append(parts[1] + parts[2].slice(0, first));
    for (let at = first; at < parts[2].length; at += 3) node.append(make("i", parts[2].slice(at, at + 3)));
    if (parts[3]) node.append(make("small", parts[3]));
    return node;
  };
  const unpack = async (id) => {
    const letters = atob(byId(id).textContent);
    const bytes = new Uint8Array(letters.length);
    for (let at = 0; at < letters.length; at += 1) bytes[at] = letters.charCodeAt(at);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  };

  let list = null;
  let sheets = null;
  let place = new Map();
  const word = (column, at) => column.list[column.at[at]];

  // Every word of the question must stand in the id or in a text of the shipment.
  const search = (question) => {
    const terms = question.toLowerCase().split(/\s+/).filter((term) => term);
    const tests = terms.map((term) => ({ term, columns: list.words.map((c) => c.list.map((text) => text.toLowerCase().includes(term))) }));
    const found = [];
    let count = 0;
    for (let at = 0; at < list.id.length; at += 1) {
      const fits = tests.every((test) => list.id[at].toLowerCase().includes(test.term) || test.columns.some((hits, c) => hits[list.words[c].at[at]]));
      if (!fits) continue;
      count += 1;
      if (found.length < MOST) found.push(at);
    }
    return { found, count };
  };

  const show = () => {
    const { found, count } = search(byId("wanted").value);
    const rows = byId("found").tBodies[0];
    rows.textContent = "";
    for (const at of found) {
      const row = make("tr");
      const cell = make("td");
      cell.append(opener(list.id[at]));
      row.append(cell);
      for (const column of list.figures) {
        const number = make("td", undefined, "number");
        number.append(figure(column.value[at]));
        row.append(number);
      }
      for (const column of list.words) if (!column.is_aside) row.append(make("td", word(column, at)));
      rows.append(row);
    }
    const of = list.id.length < list.all ? list.id.length + " of " + list.all : String(list.all);
    byId("count").textContent = count + " of " + of + " shipments" + (count > found.length ? ", the " + found.length + " largest shown" : "");
    // Of a very large run the page holds the largest shipments only: one that is not here may still be in the run.
    const asked = byId("wanted").value.trim();
    if (count === 0 && list.id.length < list.all && asked) byId("count").append("; if it is the id of another one, this prints its sheet: ", make("code", command(asked)));
  };

  const opener = (id) => {
    const button = make("button", id, "open");
    button.type = "button";
    button.addEventListener("click", () => open(id));
    return button;
  };

  const facts = (parent, lines) => {
    const dl = make("dl");
    for (const [name, value, how] of lines) {
      if (value === "" || value === undefined) continue;
      const dd = make("dd");
      dd.append(/^-?\d+(\.\d+)?$/.test(value) ? figure(value) : inert(value));
      if (how) dd.append(make("small", how));
      dl.append(make("dt", name), dd);
    }
    parent.append(dl);
  };
  const triples = (given) => given.map((fact) => [fact.name, fact.value, fact.how]);
  const steps = (given) => given.map((step) => [step.name, step.formula + (step.exact ? " = " + step.exact : "") + " = " + step.result, step.rule]);

  const quoted = (id) => {
    OBEYED.lastIndex = 0;
    const dashes = id.startsWith("-") ? "-- " : "";
    if (!OBEYED.test(id)) return dashes + "'" + id.replaceAll("'", "'\\''") + "'";
    OBEYED.lastIndex = 0;
    const escaped = id.replace(/[\\']/g, "\\$&").replace(OBEYED, (c) => "\\U" + c.codePointAt(0).toString(16).padStart(8, "0"));
    return dashes + "$'" + escaped + "'";
  };

  const command = (id) => "green-corridor explain OUT " + quoted(id) + " " + document.body.dataset.run;

  const element = (parent, part, factors) => {
    const where = part.kind === "hub" ? part.origin : part.origin + " \u2192 " + part.destination;
    const box = make("details");
    const summary = make("summary");
    summary.append(make("b", part.element + " " + part.mode.replaceAll("_", " ") + " " + where), " ", figure(part.ghg_total_kg), " kg CO2e");
    box.append(summary);
    facts(box, [["container", part.container_id || "without a number"], ["operation category", part.operation], ...triples(part.record), ...triples(part.inputs)]);
    facts(box, steps(part.steps));
    const factor = factors[part.factor];
    facts(box, [["factor", factor.id], ["chosen by", factor.rank.map((f) => f.name + " " + f.value).join(", ")]]);
    for (const row of factor.rows) facts(box, [["row", row.id], ...triples(row.figures), ...triples(row.provenance)]);
    facts(box, steps(factor.made));
    facts(box, factor.outranked.map((c) => ["before", c.id, c.rule]));
    if (factor.excluded.length > 0) facts(box, [["did not apply", factor.excluded.length + " factors of the operation"]]);
    facts(box, part.flags.map((f) => ["flag", f.code + " " + f.title]));
    parent.append(box);
  };

  const open = (id) => {
    const at = place.get(id);
    const box = byId("sheet");
    box.textContent = "";
    const close = make("button", "Close", "close");
    close.type = "button";
    close.addEventListener("click", () => { box.hidden = true; byId("wanted").focus(); });
    box.append(close, make("h3", "Shipment " + id));
    if (at !== undefined) {
      facts(box, list.figures.map((c) => [c.name + (c.unit ? ", " + c.unit : ""), c.value[at]]));
      facts(box, list.words.map((c) => [c.name, word(c, at)]));
    }
    const sheet = Object.hasOwn(sheets.sheets, id) ? sheets.sheets[id] : null;
    if (sheet) {
      box.append(make("h3", "Calculation"));
      for (const part of sheet.elements) element(box, part, sheets.factors);
      facts(box, triples(sheet.sums));
      if (sheet.rejected.length > 0) {
        box.append(make("h3", "Rejected rows: the figures above lack them"));
        facts(box, sheet.rejected.map((r) => [r.code, r.file + ":" + r.row, r.column + " " + JSON.stringify(r.value) + ", wanted " + r.wanted]));
      }
    } else {
      const line = make("p", "The page does not hold the calculation sheet of this shipment; this command prints it: ");
      line.append(make("code", command(id)));
      box.append(line);
    }
    box.hidden = false;
    box.focus();
    box.scrollIntoView({ block: "nearest" });
  };

  const head = () => {
    const row = make("tr");
    row.append(make("th", "shipment"));
    for (const column of list.figures) row.append(make("th", column.name + (column.unit ? " " + column.unit : ""), "number"));
    for (const column of list.words) if (!column.is_aside) row.append(make("th", column.name));
    byId("found").tHead.append(row);
  };

  const start = async () => {
    if (typeof DecompressionStream === "undefined") {
      byId("count").textContent = "This browser cannot unpack the list of shipments; one of 2023 or later can.";
      return;
    }
    [list, sheets] = await Promise.all([unpack("shipments-data"), unpack("sheets-data")]);
    place = new Map(list.id.map((id, at) => [id, at]));
    head();
    show();
    let waiting = 0;
    byId("wanted").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(show, 120); });
    for (const button of document.querySelectorAll("button[data-at]")) {
      button.addEventListener("click", () => open(list.id[Number(button.dataset.at)]));
    }
    document.body.dataset.ready = "yes";
  };
  byId("search").addEventListener("submit", (event) => { event.preventDefault(); if (list) show(); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && !byId("sheet").hidden) { byId("sheet").hidden = true; byId("wanted").focus(); } });
  let opened = [];
  addEventListener("beforeprint", () => { opened = Array.from(document.querySelectorAll("details:not([open])")); for (const part of opened) part.open = true; });
  addEventListener("afterprint", () => { for (const part of opened) part.open = false; });
  start();
})();
