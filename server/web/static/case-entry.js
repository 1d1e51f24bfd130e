// From what was typed to an entry in the authoring format.
import { asYaml } from "./yaml.js";

export const fresh = () => ({ title: "", creator: "", licence: "CC-BY-4.0", work: { text: "", type: "CitedWork" }, workYear: "", authors: { text: "", type: "Agent" }, firm: { text: "", type: "Firm" }, claims: [newClaim()] });
export const newClaim = () => ({ label: "", about: {}, statement: "LearningEpisode", values: {}, by: "page", page: "", section: "", interview: {}, speaker: "", primary: { text: "", type: "CitedWork" }, read: "" });

export const slug = (t) => t.normalize("NFKD").replace(/[^\w\s-]/g, "").trim().toLowerCase().replace(/[\s_]+/g, "-").slice(0, 40);
export const caseId = (state) => slug(state.title) || "new-case";
function number(state, n) {
  const letters = caseId(state).replace(/[^a-z]/g, "").toUpperCase();
  return `${`${letters}CASE`.slice(0, Math.max(2, Math.min(5, letters.length)))}-${String(n + 1).padStart(4, "0")}`;
}
const plain = (value) => value.text.replace(` (${value.id})`, ""); // without the id that tells choices apart
const named = (value) => Boolean(value?.id || value?.text?.trim());

export function entry(state, spec) {
  const id = caseId(state), nodes = new Map();
  const idOf = (value) => value.id || `${id}-${slug(value.text) || "thing"}`;
  const refer = (value, more = {}) => {
    if (!value.id) nodes.set(idOf(value), { id: idOf(value), type: value.type, label: value.text, ...more });
    return idOf(value);
  };
  const work = state.work.id || `${id}-work`, authors = state.authors.id || `${id}-authors`;
  if (!state.authors.id) nodes.set(authors, { id: authors, type: "Agent", label: state.authors.text || (named(state.work) ? `the authors of ${plain(state.work)}` : state.creator) });
  const firm = named(state.firm) ? refer(state.firm) : "";

  const values = (fields, given, node) => {
    const said = {};
    for (const f of fields) {
      const value = given[f.key];
      if (value === undefined || value === "" || (Array.isArray(value) && !value.length)) continue;
      if (f.kind === "thing") {
        const things = value.filter(named).map((v) => refer(v));
        if (things.length) said[f.key] = things.length > 1 ? things : things[0];
      } else if (f.kind === "capability") {
        if (value.trim()) said[f.key] = { type: "Capability", id: `${node}-capability`, label: value };
      } else if (f.kind === "period") {
        const { start, end, month } = value;
        if (start || end) said[f.key] = { type: "Period", id: `${node}-${f.key}`, startYear: start, ...(month && { startMonth: month, endMonth: month }), endYear: end || start };
      } else said[f.key] = value;
    }
    return said;
  };

  let fromWork = false;
  const claims = state.claims.map((claim, n) => {
    const no = number(state, n), node = no.toLowerCase(), made = { claim: no, label: claim.label, ...claim.about };
    if (claim.statement === "Proposition") {
      delete made.force; // what is only put forward has none
      made.puts = { type: "Proposition", id: `${node}-s`, label: claim.label, ...values(spec.proposition, claim.values, node) };
    } else {
      const kind = spec.statements.find((s) => s.id === claim.statement);
      made.asserts = [{ type: claim.statement, id: `${node}-s`, ...values(kind.fields, claim.values, node) }];
    }
    const role = claim.by === "interview" ? claim.interview.roleTitle : claim.speaker;
    if (claim.about.voice === "informant" && role) {
      nodes.set(`${node}-speaker`, { id: `${node}-speaker`, type: "Informant", roleTitle: role, speaksFor: firm, namedInSource: "false" });
      made.reportedSpeaker = `${node}-speaker`;
    }
    if (claim.about.voice === "citedWork" && named(claim.primary)) {
      made.primarySource = refer(claim.primary);
      made.primarySourceRead = claim.read;
    }
    if (claim.by === "interview") {
      made.evidence = { type: "InterviewRecord", id: `${node}-e`, ...values(spec.interview, claim.interview, `${node}-e`) };
    } else {
      fromWork = true;
      made.statedIn = work;
      made.evidence = { type: "Locator", id: `${node}-e`, inWork: work, page: claim.page, sectionNumber: claim.section };
    }
    return made;
  });
  if (!state.work.id && (fromWork || state.work.text)) nodes.set(work, { id: work, type: "CitedWork", label: state.work.text, publishedYear: state.workYear });
  return { case: { id, title: state.title, creator: state.creator, licence: state.licence }, defaults: { rank: "normal", wasAttributedTo: authors }, nodes: [...nodes.values()], claims };
}
export const yaml = (state, spec) => asYaml(entry(state, spec));
