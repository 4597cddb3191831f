// Draws what /events tells. Every kind of event has one function below; nothing here asks for anything else.
"use strict";

const byId = (id) => document.getElementById(id);
const hasCharts = typeof Dygraph !== "undefined";
byId("no-charts").hidden = hasCharts;

// A value that JSON cannot hold (a diverged loss) arrives as a string and becomes a gap.
const number = (value) => (typeof value === "number" ? value : null);
const short = (value) => {
  if (typeof value !== "number") return value === undefined || value === null ? "–" : String(value);
  if (Number.isInteger(value)) return value.toLocaleString("en");
  return Math.abs(value) >= 1e-3 && Math.abs(value) < 1e5 ? String(Number(value.toPrecision(4))) : value.toExponential(2);
};
// Observables are words in the code and symbols on the page.
const symbol = (name) => name.replace("deltaRho", "Δρ").replace("deltaQ", "ΔQ");
const element = (tag, properties = {}, children = []) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};

// Sections without anything to show stay hidden.
document.querySelectorAll("section").forEach((section) => section.classList.add("empty"));
const reveal = (inner) => byId(inner).closest("section").classList.remove("empty");

// ── Charts ──────────────────────────────────────────────────────────────────────────────────────────────────────

const colors = { one: ["#1f6feb"], pair: ["#1f6feb", "#e8751a"], many: ["#1f6feb", "#e8751a", "#2a9d5c", "#9b4dca", "#b3922a", "#c0395b"] };
const charts = new Map();

// One chart a title in a section; rows are [x, y, …], labels name the columns.
function chart(section, title, labels, rows, options = {}) {
  if (!hasCharts || rows.length === 0) return;
  reveal(section);
  const key = section + "/" + title;
  const known = charts.get(key);
  if (known && known.labels === labels.join()) {
    known.graph.updateOptions({ file: rows });
    return;
  }
  let holder = known && known.holder;
  if (!holder) {
    holder = element("div", { className: "chart" });
    byId(section).append(holder);
  }
  const legend = element("span", { className: "legend" });
  const plot = element("div", { className: "plot" });
  holder.replaceChildren(element("h3", {}, [title, legend]), plot);
  const graph = new Dygraph(plot, rows, {
    labels, labelsDiv: legend, legend: labels.length > 2 ? "always" : "onmouseover", connectSeparatedPoints: false, animatedZooms: false,
    colors: labels.length === 2 ? colors.one : labels.length === 3 ? colors.pair : colors.many,
    strokeWidth: 1.6, highlightCircleSize: 3, gridLineColor: "rgba(128,136,150,.25)", axisLineColor: "rgba(128,136,150,.5)",
    rightGap: 10, axes: { y: { axisLabelWidth: 58, axisLabelFormatter: short, valueFormatter: short } }, ...options,
  });
  // The grid makes room for later charts by narrowing this one.
  new ResizeObserver(() => graph.resize()).observe(plot);
  charts.set(key, { graph, holder, labels: labels.join() });
}

// Many events arrive at once when the page opens: each chart is drawn once a frame at most.
const pending = new Map();
function soon(key, draw) {
  if (pending.size === 0) setTimeout(() => {
    const draws = [...pending.values()];
    pending.clear();
    draws.forEach((each) => each());
  }, 100);
  pending.set(key, draw);
}

// Long runs: when there are too many points, every second one goes.
const most = 8000;
const thin = (rows) => { if (rows.length > most) for (let i = 1; i < rows.length; i++) rows.splice(i, 1); };

// ── Events ──────────────────────────────────────────────────────────────────────────────────────────────────────

const training = new Map();
let lastStep = -1;
function onTraining({ step, values: { total, ...values } }) {
  // A run that was resumed, or a history sent again after a lost connection, starts over at an earlier step.
  if (step < lastStep) for (const rows of training.values()) while (rows.length && rows[rows.length - 1][0] >= step) rows.pop();
  lastStep = step;
  for (const [name, value] of Object.entries(values)) {
    const rows = training.get(name) || training.set(name, []).get(name);
    rows.push([step, number(value)]);
    thin(rows);
  }
  soon("training", () => {
    // What is minimised comes first.
    const order = (name) => (/loss/i.test(name) ? "0" : "1") + name;
    byId("numbers").replaceChildren(...Object.entries({ step, ...values }).map(([name, value]) =>
      element("span", {}, [name, element("b", { textContent: short(value) }), name === "step" && total ? " of " + short(total) : ""])));
    reveal("numbers");
    for (const [name, rows] of [...training].sort((a, b) => (order(a[0]) < order(b[0]) ? -1 : 1))) {
      if (rows.length < 2) continue;
      chart("loss", name, ["step", name], rows, { logscale: /loss/i.test(name) && rows.every((row) => row[1] === null || row[1] > 0) });
    }
  });
}

const frames = new Map();
let trajectory = null;
function onFrame(frame) {
  // One trajectory at a time; the next one takes over when this one starts again or falls silent.
  if (trajectory === null || !frames.size) trajectory = frame.trajectory;
  if (frame.trajectory !== trajectory) {
    if (performance.now() - onFrame.last < 3000) return;
    trajectory = frame.trajectory;
    frames.clear();
  }
  onFrame.last = performance.now();
  for (const [name, value] of Object.entries(frame.values)) {
    const rows = frames.get(name) || frames.set(name, []).get(name);
    while (rows.length && rows[rows.length - 1][0] >= frame.time) rows.pop();
    rows.push([frame.time, number(value)]);
    thin(rows);
  }
  soon("frame", () => {
    byId("frame-of").textContent = "trajectory " + trajectory;
    for (const [name, rows] of [...frames].sort()) chart("frame", symbol(name), ["time", symbol(name)], rows);
  });
}

// Series of equal spacing, side by side on the first one's axis.
const table = (series) => Array.from({ length: Math.max(...series.map((each) => each.values.length)) }, (_, i) =>
  [series[0].start + i * series[0].step, ...series.map((each) => number(each.values[i]))]);

// A series named "autocorrelation of x" runs over lags and has a section of its own, any other over time.
function onRollout({ checkpoint, step, truth, model }) {
  soon("rollout", () => {
    byId("rollout-of").textContent = `${checkpoint}, step ${short(step)}`;
    for (const series of truth) {
      const rolled = model.find((each) => each.name === series.name);
      const overLags = /^autocorrelation of /.test(series.name);
      const labels = [overLags ? "lag" : "time", "truth", ...(rolled ? ["rollout"] : [])];
      const title = symbol(series.name).replace(/^autocorrelation of /, "");
      if (series.values.length > 0)
        chart(overLags ? "climate" : "rollout", overLags ? title + ", truth and rollout" : title, labels, table(rolled ? [series, rolled] : [series]));
    }
  });
}

function onClimate({ series }) {
  soon("climate", () => {
    const groups = new Map();
    for (const each of series) {
      const name = each.name.replace(/ (truth|model)$/, "");
      groups.set(name, [...(groups.get(name) || []), each]);
    }
    for (const [name, group] of groups) {
      const labels = group.map((each) => (each.name === name ? "live" : each.name.slice(name.length + 1)));
      chart("climate", symbol(name) + ", live stream", ["lag", ...labels], table(group));
    }
  });
}

const verdicts = new Map();
function onVerdict(verdict) {
  verdicts.set(verdict.checkpoint, verdict);
  soon("verdict", () => {
    const rows = [...verdicts.values()].sort((a, b) => b.step - a.step);
    const columns = [...new Set(rows.flatMap((row) => Object.keys(row.values)))].sort();
    byId("words").textContent = rows[0].words;
    byId("verdicts").tHead.replaceChildren(element("tr", {}, [
      ...["checkpoint", "step", ...columns].map((name) => element("th", { textContent: name })),
      element("th", { textContent: "in words", className: "words" })]));
    byId("verdicts").tBodies[0].replaceChildren(...rows.slice(0, 200).map((row) => element("tr", {}, [
      element("td", { textContent: row.checkpoint }), element("td", { textContent: short(row.step) }),
      ...columns.map((name) => element("td", { textContent: short(row.values[name]) })),
      element("td", { textContent: row.words, className: "words" })])));
    reveal("verdicts");
  });
}

function onMessage(text) {
  byId("messages").prepend(element("li", { textContent: text }));
  while (byId("messages").children.length > 200) byId("messages").lastChild.remove();
  reveal("messages");
}

// ── Graph of stages ─────────────────────────────────────────────────────────────────────────────────────────────

function onGraph({ _0: { nodes, edges }, bottleneck }) {
  soon("graph", () => {
    byId("bottleneck").textContent = bottleneck;
    byId("graph").replaceChildren(drawing(nodes, edges));
    reveal("graph");
  });
}

// A node stands one column right of the rightmost node that feeds it.
function columnsOf(nodes, edges) {
  const column = new Map(nodes.map((node) => [node.name, 0]));
  for (let round = 0; round < nodes.length; round++)
    for (const edge of edges) column.set(edge.to, Math.max(column.get(edge.to) ?? 0, (column.get(edge.from) ?? 0) + 1));
  return column;
}

function drawing(nodes, edges) {
  const svg = (tag, attributes, children = []) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };
  const [boxWidth, boxHeight, gapX, gapY] = [176, 46, 170, 26];
  const column = columnsOf(nodes, edges);
  // Within a column, nodes stand in the order of the nodes that feed them, so that few lines cross.
  const rows = Array(Math.max(0, ...column.values()) + 1).fill(0), place = new Map();
  const feeder = (node) => {
    const from = edges.filter((edge) => edge.to === node.name).map((edge) => place.get(edge.from)).filter(Boolean);
    return from.length ? from.reduce((sum, at) => sum + at.row / rows[at.column], 0) / from.length : 0;
  };
  rows.forEach((_, x) => {
    const here = nodes.filter((node) => column.get(node.name) === x).map((node) => [feeder(node), node]);
    here.sort((a, b) => a[0] - b[0]).forEach(([, node], row) => place.set(node.name, { x: 4 + x * (boxWidth + gapX), row, column: x }));
    rows[x] = here.length;
  });
  const height = Math.max(1, ...rows) * (boxHeight + gapY);
  for (const at of place.values()) at.y = (height - rows[at.column] * (boxHeight + gapY)) / 2 + gapY / 2 + at.row * (boxHeight + gapY);
  const width = rows.length * (boxWidth + gapX) - gapX + 8;
  const worst = Math.max(0.5, ...edges.map((edge) => edge.counters.secondsBlocked));
  const lines = [], parts = [];
  for (const edge of edges) {
    const from = place.get(edge.from), to = place.get(edge.to);
    if (!from || !to) continue;
    const [x1, y1, x2, y2] = [from.x + boxWidth, from.y + boxHeight / 2, to.x, to.y + boxHeight / 2];
    const { depth, capacity, sent, dropped, secondsBlocked } = edge.counters;
    const isPace = secondsBlocked >= worst;
    lines.push(svg("path", { class: `${edge.delivery}${isPace ? " pace" : ""}`, d: `M${x1} ${y1}C${x1 + gapX / 2} ${y1} ${x2 - gapX / 2} ${y2} ${x2} ${y2}` }));
    // The queue is drawn before the node that reads it.
    const [gx, gy, gw] = [x2 - 92, y2 - 14, 84];
    const label = [`${short(sent)} sent`, dropped ? `${short(dropped)} dropped` : "", secondsBlocked >= 0.05 ? `${secondsBlocked.toFixed(1)} s blocked` : ""];
    parts.push(svg("rect", { class: "gauge", x: gx, y: gy, width: gw, height: 7, rx: 3.5 }));
    parts.push(svg("rect", { class: depth >= capacity && capacity > 1 ? "full" : "level", x: gx, y: gy, width: (gw * Math.min(depth, capacity)) / capacity, height: 7, rx: 3.5 }));
    const text = svg("text", { class: "quiet", x: gx + gw, y: gy - 4, "text-anchor": "end" });
    text.textContent = capacity > 1 ? `${depth} of ${capacity}` : "latest";
    const below = svg("text", { class: "quiet", x: gx + gw, y: gy + 30, "text-anchor": "end" });
    below.textContent = label.filter(Boolean).join(", ");
    parts.push(text, below);
  }
  for (const node of nodes) {
    const at = place.get(node.name);
    const name = svg("text", { x: at.x + 12, y: at.y + 20, "font-weight": 600 });
    name.textContent = node.name;
    const kind = svg("text", { class: "quiet", x: at.x + 12, y: at.y + 36 });
    kind.textContent = [node.kind, node.state].filter(Boolean).join(" · ");
    parts.push(svg("g", { class: node.state }, [svg("rect", { class: "node", x: at.x, y: at.y, width: boxWidth, height: boxHeight, rx: 8 }), name, kind]));
  }
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": "graph of stages" }, [...lines, ...parts]);
}

// ── Connection ──────────────────────────────────────────────────────────────────────────────────────────────────

const say = (words, className) => Object.assign(byId("status"), { textContent: words, className });
const handlers = {
  training: onTraining, frame: onFrame, rollout: onRollout, climate: onClimate, verdict: onVerdict, graph: onGraph,
  message: ({ _0 }) => onMessage(_0),
};
// An event is an object with one member, named by its topic.
const take = (event) => Object.entries(event).forEach(([topic, content]) => handlers[topic]?.(content));

if (new URLSearchParams(location.search).has("still")) {
  // The run as it is now, for a printout.
  fetch("/api/events").then((response) => response.json()).then((all) => {
    all.forEach(take);
    say("as of " + new Date().toLocaleString(), "");
  });
} else {
  const events = new EventSource("/events");
  events.onopen = () => {
    byId("messages").replaceChildren();
    say("live", "live");
  };
  // A run that has ended is not a lost connection to hide: the page keeps what it has and tries again now and then.
  events.onerror = () => say("the run has ended, or cannot be reached; this is its last word", "lost");
  for (const topic of Object.keys(handlers)) events.addEventListener(topic, (event) => take(JSON.parse(event.data)));
}
