// Two ways to see results beside the table: bars, and a graph. Plain SVG; all text is set as text.
import { say } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const BASE = "https://w3id.org/catchup/";
const MOST = 120; // more nodes than this are no picture any more
const NUMBERS = /#(integer|decimal|double|float)$/;

function el(tag, attributes = {}, text = "") {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text) made.textContent = text;
  return made;
}

const short = (value) => value.replace(/^https?:\/\/.*[/#](?=.)/, "");
const address = (iri) => (iri.startsWith(BASE) ? `/${iri.slice(BASE.length)}.html` : /^https?:/.test(iri) ? iri : "");
const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

function link(iri, title) {
  const to = address(iri);
  const made = to ? el("a", { href: to }) : el("g");
  made.append(el("title", {}, title));
  return made;
}

// A drawing as a file of its own: the page's styles written into it, addresses whole.
const STYLES = ["fill", "stroke", "stroke-width", "stroke-dasharray", "font-family", "font-size"];
function alone(svg) {
  const copy = svg.cloneNode(true);
  const copies = copy.querySelectorAll("*");
  svg.querySelectorAll("*").forEach((shown, n) => {
    const style = getComputedStyle(shown);
    for (const name of STYLES) copies[n].setAttribute(name, style.getPropertyValue(name));
    if (shown.hasAttribute("href")) copies[n].setAttribute("href", new URL(shown.getAttribute("href"), location.href));
  });
  return new XMLSerializer().serializeToString(copy);
}

class Picture {
  helpReference = "/sparql";
  constructor(yasr) { this.yasr = yasr; }
  getIcon() { return Object.assign(document.createElement("span"), { textContent: this.sign }); }
  download() {
    const svg = this.yasr.resultsEl.querySelector("svg.drawing");
    return svg && { contentType: "image/svg+xml", filename: `${this.label}.svg`, buttonTitle: say("Download SVG"), getData: () => alone(svg) };
  }
  frame(width, height, title) {
    const svg = el("svg", { viewBox: `0 0 ${width} ${height}`, width, height, class: "drawing", role: "group", "aria-label": title });
    const wide = Object.assign(document.createElement("div"), { className: "wide", tabIndex: 0 });
    wide.setAttribute("role", "group");
    wide.setAttribute("aria-label", title);
    wide.append(svg);
    this.yasr.resultsEl.replaceChildren(wide);
    return svg;
  }
}

export class chart extends Picture {
  priority = 6;
  label = say("Chart");
  sign = "▤";
  columns() {
    const rows = this.yasr.results?.getBindings?.();
    if (!rows?.length) return null;
    const names = this.yasr.results.getVariables();
    const number = names.find((n) => rows.some((r) => NUMBERS.test(r[n]?.datatype ?? "")));
    const label = names.find((n) => n !== number && rows.some((r) => r[n]));
    return number && label ? { number, label, rows: rows.slice(0, 60) } : null;
  }
  canHandleResults() { return this.columns() !== null; }
  draw() {
    const { number, label, rows } = this.columns();
    const svg = this.frame(900, rows.length * 26 + 16, say("{number} by {label}", { number, label }));
    const most = Math.max(...rows.map((r) => Number(r[number]?.value ?? 0)), 0) || 1;
    rows.forEach((row, n) => {
      const value = Number(row[number]?.value ?? 0);
      const name = row[label]?.value ?? "";
      const group = link(row[label]?.type === "uri" ? name : "", `${short(name)}: ${value}`);
      const wide = Math.max((value / most) * 480, 0);
      group.append(
        el("text", { x: 312, y: 26 * n + 22, "text-anchor": "end" }, cut(short(name), 42)),
        el("rect", { x: 320, y: 26 * n + 8, width: wide, height: 18, rx: 3, class: "bar" }),
        el("text", { x: 326 + wide, y: 26 * n + 22 }, String(value)),
      );
      svg.append(group);
    });
  }
}

export class graph extends Picture {
  priority = 7;
  label = say("Graph");
  sign = "⚭";
  ties() {
    const results = this.yasr.results;
    const statements = results?.getStatements?.();
    if (statements?.length) {
      return statements
        .filter((s) => s.object.termType === "NamedNode")
        .map((s) => [s.subject.value, s.object.value, s.predicate.value]);
    }
    const rows = results?.getBindings?.();
    if (!rows?.length) return [];
    const names = results.getVariables().filter((n) => rows.some((r) => r[n]?.type === "uri"));
    if (names.length < 2) return [];
    const [a, b] = names;
    return rows.filter((r) => r[a]?.type === "uri" && r[b]?.type === "uri").map((r) => [r[a].value, r[b].value, `${a} → ${b}`]);
  }
  canHandleResults() { return this.ties().length > 0; }
  draw() {
    const ties = [];
    const nodes = new Map();
    for (const [a, b, name] of this.ties()) {
      if ([a, b].some((x) => !nodes.has(x)) && nodes.size >= MOST) continue;
      for (const iri of [a, b]) if (!nodes.has(iri)) nodes.set(iri, { iri, x: 0, y: 0 });
      ties.push({ a: nodes.get(a), b: nodes.get(b), name });
    }
    const all = [...nodes.values()];
    const size = Math.max(380, 85 * Math.sqrt(all.length));
    place(all, ties, size);
    const svg = this.frame(size * 1.5 + 160, size + 60, say("{n} things and {m} ties", { n: all.length, m: ties.length }));
    const arrow = el("marker", { id: "tip", viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 7, markerHeight: 7, orient: "auto" });
    arrow.append(el("path", { d: "M0 0L10 5L0 10z", class: "head" }));
    svg.append(el("defs"));
    svg.firstChild.append(arrow);
    for (const tie of ties) {
      const [dx, dy] = [tie.b.x - tie.a.x, tie.b.y - tie.a.y];
      const far = Math.hypot(dx, dy) || 1;
      const line = el("path", { d: `M${tie.a.x} ${tie.a.y}L${tie.b.x - (dx / far) * 10} ${tie.b.y - (dy / far) * 10}`, class: "flow", "marker-end": "url(#tip)" });
      line.append(el("title", {}, short(tie.name)));
      svg.append(line);
    }
    for (const node of all) {
      const group = link(node.iri, node.iri);
      group.append(el("circle", { cx: node.x, cy: node.y, r: 7, class: "centre" }), el("text", { x: node.x, y: node.y - 11, "text-anchor": "middle" }, cut(short(node.iri), 26)));
      svg.append(group);
    }
  }
}

// Springs and repulsion (Fruchterman and Reingold), a fixed number of steps from a spiral, then
// fitted to the picture: the same answer, the same drawing.
function place(nodes, ties, size) {
  nodes.forEach((node, n) => {
    const turn = n * 2.399963, out = Math.sqrt(n + 0.5);
    node.x = out * Math.cos(turn);
    node.y = out * Math.sin(turn);
  });
  for (let step = 0, heat = 1; step < 200; step++, heat *= 0.98) {
    for (const a of nodes) {
      a.dx = -a.x * 0.7; // what is tied to nothing stays near
      a.dy = -a.y * 0.7;
      for (const b of nodes) {
        if (a === b) continue;
        const dx = a.x - b.x, dy = a.y - b.y, far = dx * dx + dy * dy || 0.01;
        a.dx += dx / far;
        a.dy += dy / far;
      }
    }
    for (const { a, b } of ties) {
      const dx = a.x - b.x, dy = a.y - b.y, far = Math.hypot(dx, dy) / 8;
      a.dx -= dx * far; a.dy -= dy * far;
      b.dx += dx * far; b.dy += dy * far;
    }
    for (const node of nodes) {
      const far = Math.hypot(node.dx, node.dy) || 1, go = Math.min(far, heat);
      node.x += (node.dx / far) * go;
      node.y += (node.dy / far) * go;
    }
  }
  const fit = (axis, room, from) => {
    const all = nodes.map((n) => n[axis]), least = Math.min(...all), span = Math.max(...all) - least || 1;
    for (const node of nodes) node[axis] = Math.round(((node[axis] - least) / span) * room + from);
  };
  fit("x", size * 1.5 - 40, 100);
  fit("y", size, 34);
}
