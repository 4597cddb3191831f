// Takes what /events tells. Every kind of event has one function; nothing here asks for anything else.
"use strict";

// ── Events ──────────────────────────────────────────────────────────────────────────────────────────────────────

const points = new Map();
function onPoint({ chart, x, values }) {
  const key = keyOf(chart);
  let kept = points.get(key);
  if (!kept || kept.subject !== chart.subject) points.set(key, (kept = { subject: chart.subject, names: [], rows: [] }));
  // What was gone over again takes the place of what it was.
  while (kept.rows.length && kept.rows[kept.rows.length - 1][0] >= x) kept.rows.pop();
  for (const name of Object.keys(values).sort()) if (!kept.names.includes(name)) {
    kept.names.push(name);
    for (const row of kept.rows) row.push(null);
  }
  kept.rows.push([x, ...kept.names.map((name) => number(values[name]))]);
  thin(kept.rows);
  soon(key, () => { if (kept.rows.length > 1) lines(chart, kept.names, kept.rows); });
}

// Series of equal spacing: one row for each place that any of them has.
function table(series) {
  const rows = new Map();
  series.forEach(({ start, step, values }, column) => values.forEach((value, i) => {
    const x = start + i * step;
    if (!rows.has(x)) rows.set(x, [x, ...series.map(() => null)]);
    rows.get(x)[column + 1] = number(value);
  }));
  return [...rows.values()].sort((a, b) => a[0] - b[0]);
}

// Curves of other names are added to what the chart has: the last verdict's beside the live stream's.
const curves = new Map();
function onCurves({ chart, series }) {
  const key = keyOf(chart);
  const parts = curves.get(key) ?? { subject: undefined, byNames: new Map() };
  curves.set(key, parts);
  parts.subject = chart.subject ?? parts.subject;
  parts.byNames.set(JSON.stringify(series.map(({ name }) => name)), series);
  soon(key, () => {
    const all = [...parts.byNames.values()].flat();
    lines({ ...chart, subject: parts.subject }, all.map(({ name }) => name), table(all),
      all.filter(({ isDashed }) => isDashed).map(({ name }) => name), parts.byNames.size > 1);
  });
}

const tables = new Map();
function onRow({ row }) {
  if (!tables.has(row.table)) {
    const made = { rows: new Map(), words: element("p", { className: "lead" }), table: element("table") };
    made.table.append(element("thead"), element("tbody"));
    byId("tables").append(element("section", { className: "wide" }, [
      element("h2", { textContent: row.table }), made.words, element("div", { className: "scroll" }, [made.table])]));
    tables.set(row.table, made);
  }
  const { rows, words, table } = tables.get(row.table);
  rows.delete(row.key);
  rows.set(row.key, row);
  soon("table/" + row.table, () => {
    const newest = [...rows.values()].reverse();
    const columns = [...new Set(newest.flatMap(({ values }) => values.map(({ name }) => name)))];
    words.textContent = newest[0].explanation;
    table.tHead.replaceChildren(element("tr", {}, [
      element("th"), ...columns.map((name) => element("th", { textContent: name })),
      element("th", { textContent: "in words", className: "words" })]));
    table.tBodies[0].replaceChildren(...newest.slice(0, 200).map((each) => element("tr", {}, [
      element("td", { textContent: each.key }),
      ...columns.map((name) => element("td", { textContent: short(each.values.find((value) => value.name === name)?.value) })),
      element("td", { textContent: each.explanation, className: "words" })])));
  });
}

function onProgress({ progress: { step, total, loss, rate, secondsLeft } }) {
  soon("progress", () => {
    byId("progress-bar").max = total;
    byId("progress-bar").value = step;
    // Later stages of a curriculum may cost more: only the run can tell.
    const left = typeof secondsLeft === "number" && step < total ? duration(secondsLeft) : "–";
    byId("numbers").replaceChildren(...Object.entries({
      step: `${short(step)} of ${short(total)}`, loss: short(loss), "steps a second": short(rate), left,
    }).map(([name, value]) => element("span", {}, [name, element("b", { textContent: value })])));
    reveal("numbers");
  });
}
const duration = (s) => (s < 60 ? `${Math.round(s)} s` : s < 3600 ? `${Math.floor(s / 60)} min` : `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} min`);

function onMessage({ text, time }) {
  const at = new Date(1000 * (time ?? 0));
  byId("messages").prepend(element("li", {}, [
    ...(time ? [element("time", { textContent: at.toLocaleTimeString(), dateTime: at.toISOString(), title: at.toLocaleString() }), " "] : []), text]));
  while (byId("messages").children.length > 200) byId("messages").lastChild.remove();
  reveal("messages");
}

function onAbout({ about: { facts, configuration } }) {
  byId("facts").replaceChildren(...facts.flatMap(({ name, value }) => [
    element("dt", { textContent: name }), element("dd", { textContent: value })]));
  byId("configuration").textContent = configuration;
  reveal("facts");
}

// ── Connection ──────────────────────────────────────────────────────────────────────────────────────────────────

const say = (words, className) => Object.assign(byId("status"), { textContent: words, className });
const handlers = {
  point: onPoint, curves: onCurves, image: onImage, row: onRow, progress: onProgress, graph: onGraph, message: onMessage,
  about: onAbout,
};
// An event is an object whose `kind` says what else it has.
const take = (event) => handlers[event.kind]?.(event);

if (new URLSearchParams(location.search).has("still")) {
  // The run as it is now, for a printout.
  fetch("api/events").then((response) => response.json()).then((all) => {
    all.forEach(take);
    say("as of " + new Date().toLocaleString(), "");
  });
} else {
  const events = new EventSource("events");
  events.onopen = () => {
    // Everything that is remembered comes again after a lost connection.
    byId("messages").replaceChildren();
    points.clear();
    curves.clear();
    for (const { rows } of tables.values()) rows.clear();
    say("live", "live");
  };
  // A run that has ended is not a lost connection to hide: the page keeps what it has and tries again now and then.
  events.onerror = () => say("the run has ended, or cannot be reached; this is its last word", "lost");
  events.onmessage = (event) => take(JSON.parse(event.data));
}
