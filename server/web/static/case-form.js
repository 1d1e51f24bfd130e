// The entry form: its fields are those of the shapes (/cases/form.json), its checks the server's
// (/cases/validate), in the shapes' words. What is typed stays in this browser until it is sent.
import { caseId, fresh, newClaim, yaml as yamlOf } from "./case-entry.js";
import { lang, say, sayMessage } from "./words.js";

const KEPT = "catchup-case-2";
const WAIT = 500; // milliseconds of rest before a check: a check takes the server some 100
const spec = await (await fetch(`/cases/form.json?lang=${lang}`)).json();
const form = document.getElementById("case");
const $ = (id) => document.getElementById(id);
const FIRM = new Set(["hasLearner", "actor", "stSubject", "figureOf", "withinFirm", "characterises", "ofCase"]); // mostly the case's own
const RDFS_LABEL = "http://www.w3.org/2000/01/rdf-schema#label";
const PROPOSITION = { id: "Proposition", name: spec.names.Proposition, description: say("Something put forward, held or tested; not asserted."), fields: spec.proposition };

let state = load();
let fields = new Map(); // "node path" -> input, for what the check finds
let ofFirm = []; // what shows the case's own firm until something else is typed there
const yaml = () => yamlOf(state, spec);

function load() {
  try {
    const kept = { ...fresh(), ...JSON.parse(localStorage.getItem(KEPT) ?? "{}") };
    return { ...kept, claims: kept.claims.map((claim) => ({ ...newClaim(), ...claim })) };
  } catch { return fresh(); }
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
// {text, id, type}; the id is that of the thing chosen, and empty for a new one. `classes` are those
// of what may be chosen, `types` those that a new one may have.
function thing(value, put, name, { id, classes = [], types = spec.things } = {}) {
  const list = el("datalist", { id: `d${++counter}` });
  const input = el("input", { value: value.text ?? "" });
  if (id) input.id = id;
  input.setAttribute("list", list.id);
  value.type ??= types[0].id;
  const type = choice(types, value.type, (t) => { value.type = t; put(value); }, false);
  type.setAttribute("aria-label", say("{name}: kind of the new thing", { name }));
  const note = el("span", { className: "quiet" });
  const show = () => {
    const chosen = Boolean(value.id), empty = !value.text?.trim();
    type.hidden = chosen || empty;
    note.textContent = empty ? "" : chosen ? say("in the graph: {id}", { id: value.id }) : say("new");
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
        const answer = await fetch(`/search.json?limit=20&lang=${document.documentElement.lang}&q=${encodeURIComponent(input.value)}`, { signal: asked.signal });
        const fits = (h) => (classes.length ? h.types.some((t) => classes.includes(t)) : !h.types.includes("cu:Claim")) && (h.iri.startsWith(spec.base) || h.iri.includes("/vocab/"));
        const hits = (await answer.json()).results.filter(fits);
        for (const h of hits) known.set(`${h.label} (${short(h.iri)})`, short(h.iri));
        list.replaceChildren(...hits.map((h) => el("option", { value: `${h.label} (${short(h.iri)})` })));
      } catch { /* typed on */ }
    }, 150);
  });
  show();
  const made = el("div", { className: "thing" }, input, list, note, ...(types.length > 1 ? [type] : []));
  made.refresh = () => { input.value = value.text ?? ""; type.value = value.type; show(); };
  return made;
}
const short = (iri) => (iri.startsWith(spec.base) ? iri.slice(spec.base.length) : `cuv:${iri.replace(/^.*\//, "")}`);
const only = (id) => [{ id, label: spec.names[id] }];

// ---- drawing
function draw() {
  for (const input of form.querySelectorAll("[data-case]")) {
    input.value = state[input.dataset.case] ?? "";
    input.oninput = () => { state[input.dataset.case] = input.value; changed(); };
  }
  $("firm").replaceChildren(thing(state.firm, firmChanged, say("Firm"), { id: "f-name", classes: ["cu:Firm", "cu:Unit"] }));
  $("work").replaceChildren(thing(state.work, (v) => { state.work = v; $("w-year").disabled = Boolean(v.id); }, say("Authors and year of the work"), { id: "w-label", classes: ["cu:CitedWork", "cu:Document"], types: only("CitedWork") }));
  $("w-year").disabled = Boolean(state.work.id);
  $("authors").replaceChildren(thing(state.authors, (v) => { state.authors = v; }, say("Whose claims they are"), { id: "w-authors", classes: ["prov:Agent", "cu:Person"], types: only("Agent") }));
  drawClaims();
}
function firmChanged() {
  for (const { value, made } of ofFirm) if (value.own) { Object.assign(value, state.firm); made.refresh(); }
}
function drawClaims() {
  fields = new Map();
  ofFirm = [];
  $("claims").replaceChildren(...state.claims.map(drawClaim));
}
function drawClaim(claim, n) {
  const no = `@${n}`, subject = `c-${no}`; // in `fields`; the numbers of claims follow the title
  const kind = claim.statement === "Proposition" ? PROPOSITION : spec.statements.find((s) => s.id === claim.statement) ?? spec.statements[0];
  const redraw = (id) => { draw(); $(id)?.focus(); };
  const box = el("fieldset", { className: "claim" }, el("legend", { textContent: say("Claim {n}", { n: n + 1 }) }));
  box.append(field(say("In your own words"), "", text(claim.label, (v) => { claim.label = v; }, { id: `q-${n}-label` }), subject, RDFS_LABEL));
  const line = el("div", { className: "line" });
  for (const f of spec.claim) if (kind !== PROPOSITION || f.key !== "force") line.append(about(f, claim.about, subject, `q-${n}-${f.key}`, redraw));
  if (kind === PROPOSITION) delete claim.about.force;
  box.append(line, drawEvidence(claim, n, no, subject, redraw));
  const which = choice([...spec.statements, PROPOSITION].map((s) => ({ id: s.id, label: s.name })), claim.statement, (v) => { claim.statement = v; claim.values = {}; redraw(`q-${n}-statement`); }, false);
  which.id = `q-${n}-statement`;
  box.append(field(say("What it says"), kind.description, which));
  const inside = el("div", { className: "line" });
  for (const f of kind.fields) inside.append(drawField(f, claim.values, `${no}-s`, `q-${n}-${f.key}`));
  box.append(inside);
  const remove = el("button", { type: "button", textContent: say("Remove claim {n}", { n: n + 1 }) });
  remove.addEventListener("click", () => { state.claims.splice(n, 1); draw(); changed(); $("more").focus(); });
  box.append(remove);
  return box;
}
// Where the evidence is: a place in the work, or an interview by role, date, mode and consent.
function drawEvidence(claim, n, no, subject, redraw) {
  const line = el("div", { className: "line" });
  const by = choice([{ id: "page", label: say("a place in the work") }, { id: "interview", label: say("an interview") }], claim.by, (v) => { claim.by = v; redraw(`q-${n}-by`); }, false);
  by.id = `q-${n}-by`;
  line.append(field(say("Evidence"), "", by));
  if (claim.by === "interview") for (const f of spec.interview) line.append(drawField(f, claim.interview, `${no}-e`, `q-${n}-i-${f.key}`, f.kind === "period"));
  else {
    line.append(field(say("Page"), "", text(claim.page, (v) => { claim.page = v; }, { id: `q-${n}-page`, size: 6 }), `${no}-e`, "page"));
    line.append(field(say("or section"), "", text(claim.section, (v) => { claim.section = v; }, { id: `q-${n}-section`, size: 6 }), `${no}-e`, "sectionNumber"));
    if (claim.about.voice === "informant") line.append(field(say("Role of the informant"), "", text(claim.speaker, (v) => { claim.speaker = v; }, { id: `q-${n}-speaker` }), subject, "reportedSpeaker"));
  }
  if (claim.about.voice === "citedWork") {
    line.append(field(say("Work in whose voice it speaks"), "", thing(claim.primary, (v) => { claim.primary = v; }, say("Work in whose voice it speaks"), { id: `q-${n}-primary`, classes: ["cu:CitedWork", "cu:Document"], types: only("CitedWork") }), subject, "primarySource"));
    line.append(field(say("Was that work read?"), "", yesNo(claim.read, (v) => { claim.read = v; }), subject, "primarySourceRead"));
  }
  return line;
}
const yesNo = (value, put) => choice([{ id: "true", label: say("yes") }, { id: "false", label: say("no") }], value, put);
const named = (f) => (f.required ? f.name : say("{name} (may stay empty)", { name: f.name }));
function about(f, values, node, id, redraw) {
  if (f.key === "force") values.force ??= "asserted";
  const input = choice(f.choices, values[f.key], (v) => { if (v) values[f.key] = v; else delete values[f.key]; if (f.key === "voice") redraw(id); });
  input.id = id;
  return field(f.name, f.description, input, node, f.path);
}
function drawField(f, values, node, id, monthly = false) {
  let input;
  if (f.kind === "concept" && f.many && f.choices.length < 13) {
    input = ticks(f.choices, values[f.key] ?? [], (v) => { values[f.key] = v; });
  } else if (f.kind === "concept") {
    input = choice(f.choices, values[f.key], (v) => { values[f.key] = v; });
  } else if (f.kind === "thing") {
    if (!values[f.key]?.some((v) => v.text)) values[f.key] = [FIRM.has(f.key) ? { ...state.firm, own: true } : { text: "" }];
    input = el("div");
    const add = el("button", { type: "button", textContent: say("another") });
    add.setAttribute("aria-label", say("{name}: another", { name: f.name }));
    const one = (value, n) => {
      const made = thing(value, (v) => { v.own = false; }, f.name, { id: n ? "" : id, classes: f.classes });
      if (value.own) ofFirm.push({ value, made });
      return made;
    };
    add.addEventListener("click", () => { const v = { text: "" }; values[f.key].push(v); const made = one(v, 1); made.querySelector("input").setAttribute("aria-label", f.name); add.before(made); made.querySelector("input").focus(); });
    input.append(...values[f.key].map(one), ...(f.many ? [add] : []));
    for (const each of input.querySelectorAll("input")) each.setAttribute("aria-label", f.name);
    const made = field(named(f), f.description, input, node, f.path);
    input.id = `g-${id}`;
    return made;
  } else if (f.kind === "period") {
    const value = (values[f.key] ??= { start: "", end: "" });
    input = el("div", { className: "years" }, text(value.start, (v) => { value.start = v; }, { size: 6, inputMode: "numeric", ariaLabel: say(monthly ? "{name}: year" : "{name}: first year", { name: f.name }) }), ...(monthly
      ? [" / ", text(value.month, (v) => { value.month = v; }, { size: 3, inputMode: "numeric", ariaLabel: say("{name}: month", { name: f.name }) })]
      : [" – ", text(value.end, (v) => { value.end = v; }, { size: 6, inputMode: "numeric", ariaLabel: say("{name}: last year", { name: f.name }) })]));
  } else if (f.kind === "boolean") {
    input = yesNo(values[f.key], (v) => { values[f.key] = v; });
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
    if (error.name !== "AbortError") { $("state").textContent = say("The server does not answer; what you typed is kept."); $("state").className = "notice wrong"; }
    return;
  }
  show(report);
}
function show(report) {
  for (const wrong of form.querySelectorAll(".wrong:not(.notice)")) wrong.textContent = "";
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  const bad = report.results.filter((r) => r.severity === "violation");
  $("found").replaceChildren(...report.results.map((r) => {
    const at = fields.get(`${local(r.focus)} ${r.path}`) ?? fields.get(`${local(r.focus)} ${r.field}`) ?? byField(r);
    const said = `${sayMessage(r.message)}${r.remedy && r.remedy !== r.message ? ` ${sayMessage(r.remedy)}` : ""}`;
    if (at) {
      at.wrong.textContent = `${at.wrong.textContent} ${said}`.trim();
      at.input.setAttribute("aria-invalid", String(r.severity === "violation"));
    }
    const words = at ? el("a", { href: `#${at.input.id}`, textContent: said }) : said;
    if (at) words.addEventListener("click", (event) => { event.preventDefault(); at.input.focus(); });
    return el("li", { className: r.severity }, el("b", { textContent: `${say({ violation: "To mend", warning: "Mind" }[r.severity] ?? "Note")}: ` }), words);
  }));
  $("state").className = `notice ${report.conforms ? "right" : "wrong"}`;
  $("state").textContent = report.conforms ? say("The case conforms: it can be sent.") : say("{n} to mend before it can be sent.", { n: bad.length });
  form.dataset.state = report.conforms ? "conforms" : "wrong";
}
const local = (iri) => (iri ?? "").replace(/^.*\/id\//, "").replace(/^(c-)?[a-z]{2,5}-(\d{4})(?=-|$)/, (_, c, no) => `${c ?? ""}@${Number(no) - 1}`);
function byField(r) {
  const header = { title: "c-title", creator: "c-creator", licence: "c-licence", publishedYear: "w-year" }[r.field];
  const node = $(header ?? (local(r.focus) === `${caseId(state)}-work` ? "w-label" : ""));
  if (node) return { input: node, wrong: node.closest(".field").querySelector(".wrong") ?? node.closest(".field").appendChild(el("p", { className: "wrong" })) };
  // What is said of a whole node stands at its first field.
  return [...fields].find(([key]) => key.startsWith(`${local(r.focus)} `))?.[1];
}

// ---- taking it away, sending it
function save(name, type, content) {
  const link = el("a", { href: URL.createObjectURL(new Blob([content], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
$("yaml").addEventListener("click", () => save(`${caseId(state)}.yaml`, "application/yaml", yaml()));
$("turtle").addEventListener("click", async () => {
  const answer = await fetch("/cases/new.ttl", { method: "POST", headers: { "Content-Type": "application/yaml" }, body: yaml() });
  if (answer.ok) save(`${caseId(state)}.ttl`, "text/turtle", await answer.text());
  else $("state").textContent = (await answer.json()).detail;
});
$("more").addEventListener("click", () => { state.claims.push(newClaim()); draw(); changed(); $(`q-${state.claims.length - 1}-label`).focus(); });
$("clear").addEventListener("click", () => { state = fresh(); draw(); changed(); });
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const said = $("sent");
  said.textContent = say("Sending …");
  try {
    const answer = await fetch("/cases", { method: "POST", headers: { "Content-Type": "application/yaml", Authorization: `Bearer ${$("token").value}` }, body: yaml() });
    const data = await answer.json();
    if (answer.ok) {
      said.textContent = "";
      said.append(`${say("Stored as {id} ({state}).", { id: data.id, state: say(data.state) })} `, el("a", { href: `/cases/${data.id}`, textContent: say("See it") }));
      try { localStorage.removeItem(KEPT); } catch { /* nothing was kept */ }
    } else {
      said.textContent = `${say(data.detail ?? data.title)} ${say(data.remedy ?? "")}`;
      if (data.results) show({ conforms: false, results: data.results });
    }
  } catch { said.textContent = say("The server does not answer; what you typed is kept."); }
});
// What nobody has begun is not told what it lacks.
const begun = JSON.stringify(state) !== JSON.stringify(fresh());
form.hidden = false;
draw();
if (begun) check();
else $("state").textContent = say("Nothing is entered yet.");
