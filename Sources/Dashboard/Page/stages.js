// Draws the graph of stages.
"use strict";

function onGraph({ graph: { nodes, edges }, bottleneck }) {
  soon("graph", () => {
    byId("bottleneck").textContent = bottleneck;
    byId("graph").replaceChildren(drawing(nodes, edges));
    byId("edges").querySelector(".scroll").replaceChildren(edgeTable(edges));
    reveal("graph");
  });
}

// The same for whoever hears the page, or has a small screen.
function edgeTable(edges) {
  const head = ["from", "to", "delivery", "waiting", "sent", "dropped", "blocked (s)"];
  return element("table", {}, [
    element("thead", {}, [element("tr", {}, head.map((name) => element("th", { textContent: name })))]),
    element("tbody", {}, edges.map(({ from, to, delivery, counters: { depth, capacity, sent, dropped, secondsBlocked } }) =>
      element("tr", {}, [from, to, delivery, `${depth} of ${capacity}`, short(sent), short(dropped), secondsBlocked.toFixed(1)]
        .map((text) => element("td", { textContent: text }))))),
  ]);
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
