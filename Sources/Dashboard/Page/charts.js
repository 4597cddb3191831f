// Draws charts of whatever is told: lines, and fields of numbers as colours. Here are also the helpers that all use.
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
const element = (tag, properties = {}, children = []) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};

// Sections without anything to show stay hidden.
document.querySelectorAll("section").forEach((section) => section.classList.add("empty"));
const reveal = (inner) => byId(inner).closest("section").classList.remove("empty");
const axisTitle = ({ label, unit }) => (unit ? `${label} (${unit})` : label);

// ── Charts ──────────────────────────────────────────────────────────────────────────────────────────────────────

const colors = ["#1f6feb", "#e8751a", "#2a9d5c", "#9b4dca", "#b3922a", "#c0395b"];
const charts = new Map();
const keyOf = ({ section, title }) => JSON.stringify([section, title]);

// The place of a chart: under its section's heading, which is made when its first chart comes.
const sections = new Map();
function holderOf({ section, title, subject }) {
  if (!sections.has(section)) {
    const grid = element("div", { className: "charts" });
    byId("charts").append(element("section", { className: "wide" }, [element("h2", { textContent: section }), grid]));
    sections.set(section, grid);
  }
  const key = keyOf({ section, title });
  if (!charts.has(key)) {
    const holder = element("div", { className: "chart" });
    sections.get(section).append(holder);
    charts.set(key, { holder });
  }
  const known = charts.get(key);
  if (known.subject) known.subject.textContent = subject ?? "";
  return known;
}
const heading = (known, { title, subject }, legend) => {
  known.subject = element("small", { textContent: subject ?? "" });
  return element("h3", {}, [element("span", {}, [title + " ", known.subject]), legend]);
};

// Buttons of a chart: smoothing over more and more points, a logarithmic axis, the whole again after a zoom. They say what
// is chosen, also when the chart is made anew.
function tools(known, isPositive, logscale) {
  const button = (words, title, press) => {
    const made = element("button", { type: "button", textContent: words, title });
    made.onclick = () => press(made);
    return made;
  };
  const saySmooth = (made) => {
    made.textContent = known.roll > 1 ? `smooth ${known.roll}` : "smooth";
    made.setAttribute("aria-pressed", known.roll > 1);
  };
  const smooth = button("smooth", "mean over 5, then 25 points", (made) => {
    known.roll = { 1: 5, 5: 25, 25: 1 }[known.roll ?? 1];
    saySmooth(made);
    known.graph.updateOptions({ rollPeriod: known.roll });
  });
  saySmooth(smooth);
  const log = button("log", isPositive ? "logarithmic axis" : "has values that are not positive", (made) => {
    known.logscale = !known.graph.getOption("logscale");
    made.setAttribute("aria-pressed", known.logscale);
    known.graph.updateOptions({ logscale: known.logscale });
  });
  log.disabled = !isPositive;
  log.setAttribute("aria-pressed", logscale);
  const whole = button("whole", "drag across the chart to zoom, with shift to move; this, or a double click, shows the whole again",
    () => known.graph.resetZoom());
  return element("span", { className: "tools" }, [smooth, log, whole]);
}

// Lines over one axis; rows are [x, y, …], names name the lines. Lines that have points at other places than the others
// (`sparse`) are drawn through those.
function lines(chart, names, rows, dashed = [], sparse = false) {
  if (!hasCharts || rows.length === 0) return;
  const known = holderOf(chart);
  const labels = [axisTitle(chart.x), ...names];
  // A logarithmic axis has no place for what is not positive.
  const isPositive = rows.every((row) => row.slice(1).every((y) => y === null || y === undefined || y > 0));
  const logscale = isPositive && (known.logscale ?? chart.y.isLogarithmic);
  const logarithmicX = chart.x.isLogarithmic && rows.every((row) => row[0] > 0);
  const form = JSON.stringify([labels, isPositive, logarithmicX, axisTitle(chart.y), dashed, sparse]);
  if (known.form === form) {
    // Whoever reads a value goes on reading it, or the next one where it has been thinned out.
    const read = known.graph.getSelection(), x = read >= 0 ? known.graph.getValue(read, 0) : null;
    known.graph.updateOptions({ file: rows });
    const row = x === null ? -1 : rows.findIndex((each) => each[0] >= x);
    if (row >= 0) known.graph.setSelection(row);
    return;
  }
  const legend = element("span", { className: "legend" });
  const plot = element("div", { className: "plot", role: "img", ariaLabel: `${chart.title}: ${axisTitle(chart.y)} over ${axisTitle(chart.x)}` });
  known.holder.replaceChildren(heading(known, chart, legend), plot, tools(known, isPositive, logscale));
  known.graph?.destroy();
  const graph = new Dygraph(plot, rows, {
    labels, logscale, xlabel: axisTitle(chart.x), ylabel: axisTitle(chart.y), labelsDiv: legend,
    legend: names.length > 1 ? "always" : "onmouseover", connectSeparatedPoints: sparse, rollPeriod: known.roll ?? 1, animatedZooms: false,
    colors: colors.slice(0, Math.max(1, Math.min(names.length, colors.length))),
    series: Object.fromEntries(dashed.map((name) => [name, { strokePattern: [7, 3] }])),
    strokeWidth: 1.6, highlightCircleSize: 3, gridLineColor: "rgba(128,136,150,.25)", axisLineColor: "rgba(128,136,150,.5)",
    rightGap: 10, xLabelHeight: 16, yLabelWidth: 16,
    axes: { x: { logscale: logarithmicX, valueFormatter: short, axisLabelFormatter: short }, y: { axisLabelWidth: 58, axisLabelFormatter: short, valueFormatter: short } },
  });
  // The grid makes room for later charts by narrowing this one.
  known.observer?.disconnect();
  known.observer = new ResizeObserver(() => graph.resize());
  known.observer.observe(plot);
  Object.assign(known, { graph, form });
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

// From low to high, dark to light (viridis, by five of its colours).
const stops = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];
function shade(share) {
  const at = Math.min(1, Math.max(0, share)) * (stops.length - 1), i = Math.min(stops.length - 2, Math.floor(at));
  return stops[i].map((low, k) => Math.round(low + (at - i) * (stops[i + 1][k] - low)));
}

function onImage({ chart, image }) {
  const { rows, columns, values, low, high, value, xRange, yRange } = image;
  if (!rows || !columns || values.length !== rows * columns) return;
  soon(keyOf(chart), () => {
    const known = holderOf(chart);
    const canvas = element("canvas", { width: columns, height: rows, className: "field", role: "img",
      ariaLabel: `${chart.title}: ${axisTitle(value)} from ${short(low)} to ${short(high)}, over ${axisTitle(chart.x)} and ${axisTitle(chart.y)}` });
    const context = canvas.getContext("2d"), pixels = context.createImageData(columns, rows);
    values.forEach((each, i) => {
      // The first row is at the bottom. What is not a number stays transparent.
      const at = 4 * ((rows - 1 - Math.floor(i / columns)) * columns + (i % columns));
      if (number(each) !== null) pixels.data.set([...shade(high > low ? (each - low) / (high - low) : 0.5), 255], at);
    });
    context.putImageData(pixels, 0, 0);
    const scale = element("span", { className: "legend" }, [
      axisTitle(value) + ": " + short(low) + " ", element("i", { className: "scale" }), " " + short(high)]);
    const ends = ([from, to], title, name) =>
      element("div", { className: name }, [from, null, to].map((end) => element("span", { textContent: end === null ? title : short(end) })));
    known.holder.replaceChildren(heading(known, chart, scale), element("div", { className: "image" }, [
      ends([...yRange].reverse(), axisTitle(chart.y), "y"), canvas, ends(xRange, axisTitle(chart.x), "x")]));
  });
}
