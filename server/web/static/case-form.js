// The entry form: its fields are those of the shapes (/cases/form.json), its checks the server's
// (/cases/validate), in the shapes' words. What is typed stays in this browser until it is sent.
import { asYaml } from "./yaml.js";

const KEPT = "catchup-case";
const WAIT = 500; // milliseconds of rest before a check: a check takes the server some 100
const spec = await (await fetch(`/cases/form.json?lang=${document.documentElement.lang === "zh-hans" ? "zh" : "en"}`)).json();
const form = document.getElementById("case");
const $ = (id) => document.getElementById(id);
const FIRM = new Set(["hasLearner", "actor", "stSubject", "figureOf", "withinFirm", "characterises"]); // mostly the case's own
const RDFS_LABEL = "http://www.w3.org/2000/01/rdf-schema#label";

const fresh = () => ({ title: "", creator: "", licence: "CC-BY-4.0", work: "", workYear: "", firm: { text: "", type: "Firm" }, claims: [newClaim()] });
const newClaim = () => ({ label: "", page: "", about: {}, statement: "LearningEpisode", values: {} });
let state = load();
let fields = new Map(); // "node path" -> input, for what the check finds

function load() {
  try { return { ...fresh(), ...JSON.parse(localStorage.getItem(KEPT) ?? "{}") }; } catch { return fresh(); }
}
function changed() {
  try { localStorage.setItem(KEPT, JSON.stringify(state)); } catch { /* a private window */ }
  clearTimeout(changed.timer);
  changed.timer = setTimeout(check, WAIT);
}

// ---- small pieces of page
let counter = 0;
function el(tag, set = {}, ...inside) {
  const made = Object.assign(document.createElement(tag), set);
  made.append(...inside);
  return made;
}
function field(label, hint, input, node, path) {
  const id = input.id || `x${++counter}`;
  input.id = id;
  const wrong = el("p", { className: "wrong", id: `e-${id}` });
  const tip = el("p", { className: "quiet", id: `h-${id}`, textContent: hint ?? "" });
  const group = input.tagName === "FIELDSET" || input.tagName === "DIV";
  const name = el(group ? "span" : "label", { className: "name", id: `l-${id}`, textContent: label });
  if (group) { input.setAttribute("role", "group"); input.setAttribute("aria-labelledby", name.id); } else name.htmlFor = id;
  const described = input.matches("input, select, textarea") ? input : input.querySelector("input, select") ?? input;
  described.setAttribute("aria-describedby", `e-${id} h-${id}`);
  if (node) fields.set(`${node} ${path}`, { input: described, wrong });
  return el("div", { className: "field" }, name, input, ...(hint ? [tip] : []), wrong);
}
const text = (value, put, set = {}) => {
  const made = el("input", { value: value ?? "", ...set });
  made.addEventListener("input", () => { put(made.value); changed(); });
  return made;
};
function choice(options, value, put, empty = true) {
  const made = el("select", {}, ...(empty ? [el("option", { value: "", textContent: "–" })] : []), ...options.map((o) => el("option", { value: o.id, textContent: o.label })));
  made.value = value ?? "";
  made.addEventListener("change", () => { put(made.value); changed(); });
  return made;
}
function ticks(options, values, put) {
  const box = el("div", { className: "ticks" });
  for (const o of options) {
    const tick = el("input", { type: "checkbox", value: o.id, checked: values.includes(o.id) });
    tick.addEventListener("change", () => { put([...box.querySelectorAll(":checked")].map((t) => t.value)); changed(); });
    box.append(el("label", {}, tick, ` ${o.label}`));
  }
  return box;
}

// A thing: one that is in the graph, chosen by its name, or a new one with a type. `value` is
// {text, id, type}; the id is that of the thing chosen, and empty for a new one.
function thing(value, put, name, id) {
  const list = el("datalist", { id: `d${++counter}` });
  const input = el("input", { value: value.text ?? "" });
  if (id) input.id = id;
  input.setAttribute("list", list.id);
  const type = choice(spec.things, value.type ?? "Firm", (t) => { value.type = t; put(value); }, false);
  type.setAttribute("aria-label", `${name}: kind of the new thing`);
  const note = el("span", { className: "quiet" });
  const show = () => {
    const chosen = Boolean(value.id), empty = !value.text?.trim();
    type.hidden = chosen || empty;
    note.textContent = empty ? "" : chosen ? `in the graph: ${value.id}` : "new:";
  };
  const known = new Map();
  let timer, asked;
  input.addEventListener("input", () => {
    value.text = input.value;
    value.id = known.get(input.value) ?? "";
    put(value);
    show();
    changed();
    clearTimeout(timer);
    if (value.id || input.value.trim().length < 2) return;
    timer = setTimeout(async () => {
      asked?.abort();
      asked = new AbortController();
      try {
        const answer = await fetch(`/search.json?limit=12&q=${encodeURIComponent(input.value)}`, { signal: asked.signal });
        const hits = (await answer.json()).results.filter((h) => h.iri.startsWith(spec.base) && !/\/(c|p)-/.test(h.iri) || h.iri.includes("/vocab/"));
        for (const h of hits) known.set(`${h.label} (${short(h.iri)})`, short(h.iri));
        list.replaceChildren(...hits.map((h) => el("option", { value: `${h.label} (${short(h.iri)})` })));
      } catch { /* typed on */ }
    }, 150);
  });
  show();
  return el("div", { className: "thing" }, input, list, note, type);
}
const short = (iri) => (iri.startsWith(spec.base) ? iri.slice(spec.base.length) : `cuv:${iri.replace(/^.*\//, "")}`);

// ---- the entry
const slug = (t) => t.normalize("NFKD").replace(/[^\w\s-]/g, "").trim().toLowerCase().replace(/[\s_]+/g, "-").slice(0, 40);
const caseId = () => slug(state.title) || "new-case";
const number = (n) => `${(caseId().replace(/[^a-z]/g, "").slice(0, 5).toUpperCase() + "CASE").slice(0, Math.max(2, Math.min(5, caseId().replace(/[^a-z]/g, "").length)))}-${String(n + 1).padStart(4, "0")}`;
const idOf = (value) => value.id || `${caseId()}-${slug(value.text) || "thing"}`;

function entry() {
  const id = caseId();
  const nodes = new Map();
  const refer = (value) => {
    if (!value.id) nodes.set(idOf(value), { id: idOf(value), type: value.type ?? "Firm", label: value.text });
    return idOf(value);
  };
  nodes.set(`${id}-authors`, { id: `${id}-authors`, type: "Agent", label: state.work ? `the authors of ${state.work}` : "" });
  nodes.set(`${id}-work`, { id: `${id}-work`, type: "CitedWork", label: state.work, publishedYear: state.workYear });
  if (state.firm.text) refer(state.firm);
  const claims = state.claims.map((claim, n) => {
    const no = number(n), node = no.toLowerCase();
    const kind = spec.statements.find((s) => s.id === claim.statement);
    const said = { type: claim.statement, id: `${node}-s` };
    for (const f of kind.fields) {
      const value = claim.values[f.key];
      if (value === undefined || value === "" || (Array.isArray(value) && !value.length)) continue;
      if (f.kind === "thing") {
        const things = value.filter((v) => v.text?.trim()).map(refer);
        if (things.length) said[f.key] = things.length > 1 ? things : things[0];
      } else if (f.kind === "capability") {
        if (value.trim()) said[f.key] = { type: "Capability", id: `${node}-capability`, label: value };
      } else if (f.kind === "period") {
        if (value.start || value.end) said[f.key] = { type: "Period", id: `${node}-${f.key}`, startYear: value.start, endYear: value.end || value.start };
      } else said[f.key] = value;
    }
    return { claim: no, label: claim.label, ...claim.about, statedIn: `${id}-work`, asserts: [said], evidence: { type: "Locator", id: `${node}-e`, inWork: `${id}-work`, page: claim.page } };
  });
  return { case: { id, title: state.title, creator: state.creator, licence: state.licence }, defaults: { rank: "normal", wasAttributedTo: `${id}-authors` }, nodes: [...nodes.values()], claims };
}
const yaml = () => asYaml(entry());

// ---- drawing
function draw() {
  for (const input of form.querySelectorAll("[data-case]")) {
    input.value = state[input.dataset.case] ?? "";
    input.oninput = () => { state[input.dataset.case] = input.value; changed(); };
  }
  $("firm").replaceChildren(thing(state.firm, (v) => { state.firm = v; }, "Firm", "f-name"));
  drawClaims();
}
function drawClaims() {
  fields = new Map();
  $("claims").replaceChildren(...state.claims.map(drawClaim));
}
function drawClaim(claim, n) {
  const no = number(n).toLowerCase(), subject = `c-${no}`;
  const kind = spec.statements.find((s) => s.id === claim.statement) ?? spec.statements[0];
  const box = el("fieldset", { className: "claim" }, el("legend", { textContent: `Claim ${n + 1}` }));
  box.append(field("In your own words", "", text(claim.label, (v) => { claim.label = v; }, { id: `q-${n}-label` }), subject, RDFS_LABEL));
  const line = el("div", { className: "line" });
  for (const f of spec.claim) line.append(about(f, claim.about, subject, `q-${n}-${f.key}`));
  line.append(field("Page", "", text(claim.page, (v) => { claim.page = v; }, { id: `q-${n}-page`, size: 6 }), `${no}-e`, "page"));
  box.append(line);
  const which = choice(spec.statements.map((s) => ({ id: s.id, label: s.name })), claim.statement, (v) => { claim.statement = v; claim.values = {}; draw(); $(`q-${n}-statement`).focus(); }, false);
  which.id = `q-${n}-statement`;
  box.append(field("What it says", kind.description, which));
  const inside = el("div", { className: "line" });
  for (const f of kind.fields) inside.append(drawField(f, claim.values, `${no}-s`, `q-${n}-${f.key}`));
  box.append(inside);
  const remove = el("button", { type: "button", textContent: `Remove claim ${n + 1}` });
  remove.addEventListener("click", () => { state.claims.splice(n, 1); draw(); changed(); $("more").focus(); });
  box.append(remove);
  return box;
}
const named = (f) => f.name + (f.required ? "" : " (may stay empty)");
function about(f, values, node, id) {
  if (f.key === "force") values.force ??= "asserted";
  const input = choice(f.choices, values[f.key], (v) => { if (v) values[f.key] = v; else delete values[f.key]; });
  input.id = id;
  return field(f.name, f.description, input, node, f.path);
}
function drawField(f, values, node, id) {
  let input;
  if (f.kind === "concept" && f.many && f.choices.length < 13) {
    input = ticks(f.choices, values[f.key] ?? [], (v) => { values[f.key] = v; });
  } else if (f.kind === "concept") {
    input = choice(f.choices, values[f.key], (v) => { values[f.key] = v; });
  } else if (f.kind === "thing") {
    if (!values[f.key]?.some((v) => v.text)) values[f.key] = [FIRM.has(f.key) ? { ...state.firm } : { text: "" }];
    input = el("div");
    const add = el("button", { type: "button", textContent: "another" });
    add.setAttribute("aria-label", `${f.name}: another`);
    const one = (value, n) => thing(value, () => {}, f.name, n ? "" : id);
    add.addEventListener("click", () => { const v = { text: "" }; values[f.key].push(v); const made = one(v, 1); made.querySelector("input").setAttribute("aria-label", f.name); add.before(made); made.querySelector("input").focus(); });
    input.append(...values[f.key].map(one), ...(f.many ? [add] : []));
    for (const each of input.querySelectorAll("input")) each.setAttribute("aria-label", f.name);
    const made = field(named(f), f.description, input, node, f.path);
    input.id = `g-${id}`;
    return made;
  } else if (f.kind === "period") {
    const value = (values[f.key] ??= { start: "", end: "" });
    input = el("div", { className: "years" }, text(value.start, (v) => { value.start = v; }, { size: 6, inputMode: "numeric", ariaLabel: `${f.name}: first year` }), " – ", text(value.end, (v) => { value.end = v; }, { size: 6, inputMode: "numeric", ariaLabel: `${f.name}: last year` }));
  } else if (f.kind === "boolean") {
    input = choice([{ id: "true", label: "yes" }, { id: "false", label: "no" }], values[f.key], (v) => { values[f.key] = v; });
  } else {
    input = text(values[f.key], (v) => { values[f.key] = v; }, f.kind === "number" ? { inputMode: "decimal" } : {});
  }
  if (!input.id) input.id = id;
  return field(named(f), f.description, input, node, f.path);
}

// ---- the check
let checking;
async function check() {
  checking?.abort();
  checking = new AbortController();
  let report;
  try {
    const answer = await fetch("/cases/validate", { method: "POST", headers: { "Content-Type": "application/yaml", Accept: "application/json" }, body: yaml(), signal: checking.signal });
    report = await answer.json();
    if (!answer.ok) report = { conforms: false, results: [{ severity: "violation", message: report.detail, remedy: report.remedy }] };
  } catch (error) {
    if (error.name !== "AbortError") { $("state").textContent = "The server does not answer; what you typed is kept."; $("state").className = "notice wrong"; }
    return;
  }
  show(report);
}
function show(report) {
  for (const { input, wrong } of fields.values()) { wrong.textContent = ""; input.removeAttribute("aria-invalid"); }
  const bad = report.results.filter((r) => r.severity === "violation");
  $("found").replaceChildren(...report.results.map((r) => {
    const at = fields.get(`${local(r.focus)} ${r.path}`) ?? fields.get(`${local(r.focus)} ${r.field}`) ?? byField(r);
    const said = `${r.message}${r.remedy && r.remedy !== r.message ? ` ${r.remedy}` : ""}`;
    if (at) {
      at.wrong.textContent = `${at.wrong.textContent} ${said}`.trim();
      at.input.setAttribute("aria-invalid", String(r.severity === "violation"));
    }
    const words = at ? el("a", { href: `#${at.input.id}`, textContent: said }) : said;
    if (at) words.addEventListener("click", (event) => { event.preventDefault(); at.input.focus(); });
    return el("li", { className: r.severity }, el("b", { textContent: { violation: "To mend: ", warning: "Mind: " }[r.severity] ?? "Note: " }), words);
  }));
  $("state").className = `notice ${report.conforms ? "right" : "wrong"}`;
  $("state").textContent = report.conforms ? "The case conforms: it can be sent." : `${bad.length} to mend before it can be sent.`;
  form.dataset.state = report.conforms ? "conforms" : "wrong";
}
const local = (iri) => (iri ?? "").replace(spec.base, "").replace(/^.*\/id\//, "");
function byField(r) {
  const input = { title: "c-title", creator: "c-creator", licence: "c-licence", publishedYear: "w-year" }[r.field];
  const node = input && $(input);
  return node && { input: node, wrong: node.parentElement.querySelector(".wrong") ?? el("p") };
}

// ---- taking it away, sending it
function save(name, type, content) {
  const link = el("a", { href: URL.createObjectURL(new Blob([content], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
$("yaml").addEventListener("click", () => save(`${caseId()}.yaml`, "application/yaml", yaml()));
$("turtle").addEventListener("click", async () => {
  const answer = await fetch("/cases/new.ttl", { method: "POST", headers: { "Content-Type": "application/yaml" }, body: yaml() });
  if (answer.ok) save(`${caseId()}.ttl`, "text/turtle", await answer.text());
  else $("state").textContent = (await answer.json()).detail;
});
$("more").addEventListener("click", () => { state.claims.push(newClaim()); draw(); changed(); $(`q-${state.claims.length - 1}-label`).focus(); });
$("clear").addEventListener("click", () => { state = fresh(); draw(); changed(); });
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const said = $("sent");
  said.textContent = "Sending …";
  try {
    const answer = await fetch("/cases", { method: "POST", headers: { "Content-Type": "application/yaml", Authorization: `Bearer ${$("token").value}` }, body: yaml() });
    const data = await answer.json();
    if (answer.ok) {
      said.textContent = "";
      said.append(`Stored as ${data.id} (${data.state}). `, el("a", { href: `/cases/${data.id}`, textContent: "See it" }));
      try { localStorage.removeItem(KEPT); } catch { /* nothing was kept */ }
    } else {
      said.textContent = `${data.detail ?? data.title} ${data.remedy ?? ""}`;
      if (data.results) show({ conforms: false, results: data.results });
    }
  } catch { said.textContent = "The server does not answer; what you typed is kept."; }
});
// Claim numbers follow the title, and claims take the firm up.
for (const id of ["c-title", "firm"]) $(id).addEventListener("change", () => { drawClaims(); changed(); });
form.hidden = false;
draw();
check();
