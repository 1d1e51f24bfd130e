// The editor: Yasgui with this graph's prefixes, terms, entities and questions. Without it the
// plain form on the page works.
import { chart, graph } from "./results.js";
import { lang, say } from "./words.js";
import { speak } from "./yasgui-words.js";

const Yasgui = window.Yasgui;
const endpoint = new URL("/sparql", location.href).href;
const about = await (await fetch(`/editor.json?lang=${lang}`)).json();
const running = document.querySelector(".running");
const said = running.querySelector("output");
const bar = running.querySelector("progress");

// Yasgui's own completers ask hosts elsewhere; these ask this server alone.
const terms = (kind) => async (_, token) => {
  const typed = (token?.autocompletionString ?? "").toLowerCase();
  const local = typed.replace(/^.*[/#]/, "");
  return about[kind]
    .filter((t) => t.iri.toLowerCase().startsWith(typed) || (local && t.label.toLowerCase().includes(local)))
    .map((t) => t.iri);
};
const entities = async (_, token) => {
  const local = (token?.autocompletionString ?? "").replace(/^.*[/#]/, "").replaceAll("-", " ");
  if (local.length < 2) return [];
  const answer = await fetch(`/search.json?limit=20&q=${encodeURIComponent(local)}`);
  if (!answer.ok) return [];
  const found = await answer.json();
  return found.results.map((hit) => hit.iri);
};
const nameToken = /^(<|[A-Za-z][\w-]*:)/;
Yasgui.Yasqe.forkAutocompleter("class", { name: "ours-class", persistenceId: null, bulk: false, get: terms("classes") }, false);
Yasgui.Yasqe.forkAutocompleter("property", { name: "ours-property", persistenceId: null, bulk: false, get: terms("properties") }, false);
Yasgui.Yasqe.forkAutocompleter("prefixes", {
  name: "ours-prefixes", persistenceId: null,
  get: async () => Object.entries(about.prefixes).map(([n, iri]) => `${n}: <${iri}>`),
}, false);
Yasgui.Yasqe.forkAutocompleter("class", {
  name: "ours-entity", persistenceId: null, bulk: false, get: entities,
  isValidCompletionPosition: (yasqe) => nameToken.test(yasqe.getCompleteToken().string),
}, false);

Yasgui.Yasr.registerPlugin("chart", chart);
Yasgui.Yasr.registerPlugin("graph", graph);

const ours = (config) => ({ ...config, requestConfig: { ...config.requestConfig, endpoint, method: "POST", headers: {} } });
// What is wrong with a query, in the server's words, not as the JSON that carries them.
async function problem(error) {
  let told;
  try { told = JSON.parse(error.text); } catch { return undefined; }
  if (!told?.title) return undefined;
  const place = told.line ? say("Line {line}, column {column}.", { line: told.line, column: told.column ?? 1 }) : "";
  const box = document.createElement("div");
  for (const [tag, words, tongue] of [["b", say(told.title)], ["p", told.detail, "en"], ["p", place], ["p", told.remedy, "en"]])
    if (words) box.append(Object.assign(document.createElement(tag), { textContent: words, ...(tongue && { lang: tongue }) }));
  return box;
}
Yasgui.Yasr.defaults.errorRenderers = [problem];

const first = document.getElementById("query").value;
const yasgui = new Yasgui(document.getElementById("yasgui"), {
  requestConfig: { endpoint, method: "POST" },
  copyEndpointOnNewTab: false,
  autofocus: false,
  populateFromUrl: ours,
  endpointCatalogueOptions: { getData: () => [], keys: [] },
  yasqe: { value: first, autocompleters: ["variables", "ours-prefixes", "ours-class", "ours-property", "ours-entity"] },
  tabName: say("Query"),
  yasr: { prefixes: about.prefixes },
});
document.getElementById("plain").hidden = true;
named();
new MutationObserver(named).observe(document.getElementById("yasgui"), { childList: true, subtree: true, characterData: true, attributeFilter: ["title", "aria-label"] });

// What Yasgui leaves without a name for those who do not see it.
function named() {
  for (const [n, area] of document.querySelectorAll("#yasgui .CodeMirror textarea").entries())
    if (!area.hasAttribute("aria-label")) area.setAttribute("aria-label", say("SPARQL query {n}", { n: n + 1 }));
  // The list of tabs may hold tabs alone, so what opens a new one is one.
  document.querySelector("#yasgui .addTab")?.setAttribute("role", "tab");
  for (const box of document.querySelectorAll("#yasgui .CodeMirror-scroll, #yasgui .yasr_results"))
    if (!box.hasAttribute("tabindex")) box.setAttribute("tabindex", "0");
  if (lang !== "en") speak(document.getElementById("yasgui"));
}

// What results link to is on this server, whatever host its name names.
const BASE = "https://w3id.org/catchup/";
document.getElementById("yasgui").addEventListener("click", (event) => {
  const link = event.target.closest?.(`a[href^="${BASE}"]`);
  if (link) link.href = `/${link.href.slice(BASE.length)}.html`;
}, true);

// A share link carries the query alone, so that it opens for anybody as it is.
for (const tab of Object.values(yasgui._tabs ?? {})) share(tab);
yasgui.on("tabAdd", (_, id) => setTimeout(() => share(yasgui.getTab(id))));
yasgui.on("tabSelect", (_, id) => setTimeout(() => share(yasgui.getTab(id))));
function share(tab) {
  const yasqe = tab?.getYasqe();
  if (!yasqe) return;
  yasqe.config.createShareableLink = () => `${location.origin}/sparql#query=${encodeURIComponent(yasqe.getValue())}`;
}

// Questions of the catalogue open as tabs.
for (const link of document.querySelectorAll("[data-question]"))
  link.addEventListener("click", (event) => {
    const asked = about.questions.find((q) => q.name === link.dataset.question);
    if (!asked || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const fresh = Yasgui.Tab.getDefaults(yasgui);
    yasgui.addTab(true, ours({ ...fresh, name: asked.name, yasqe: { ...fresh.yasqe, value: asked.query } }));
    document.getElementById("yasgui").scrollIntoView();
  });

// Time used, of the time there is; cancelling closes the request, and the server stops its worker.
let timer, asking, began = 0;
const stop = (text) => {
  clearInterval(timer);
  said.value = text;
  bar.hidden = true;
  running.querySelector("button").hidden = true;
};
const begin = (tab) => {
  began = performance.now();
  asking = tab;
  running.hidden = false;
  bar.hidden = false;
  running.querySelector("button").hidden = false;
  clearInterval(timer);
  timer = setInterval(() => {
    const used = (performance.now() - began) / 1000;
    bar.value = used;
    said.value = say("{used} s of at most {most} s", { used: used.toFixed(1), most: about.limits.seconds });
  }, 100);
};
yasgui.on("query", (_, tab) => begin(tab));
// A query in the address is asked before anybody can listen.
if (yasgui.getTab()?.getYasqe()?.req) begin(yasgui.getTab());
yasgui.on("queryResponse", () => stop(say("Answered in {used} s.", { used: ((performance.now() - began) / 1000).toFixed(2) })));
// Yasgui tells of a cancelled query twice: as cancelled, and as answered with an error.
yasgui.on("queryAbort", () => setTimeout(() => stop(say("Cancelled."))));
running.querySelector("[data-cancel]").addEventListener("click", () => asking?.getYasqe().abortQuery());
