// Yasgui has its words in English only. Where the page is Chinese they are replaced as they appear;
// queries and results are left as they are.
import { say } from "./words.js";

const FIXED = new Set([
  "Query", "Close tab", "Add tab", "Add a new tab", "Share query", "Run query", "Table", "Response",
  "Simple view", "Ellipse", "Filter query results", "Page size:", "All", "Download result",
  "Download Results", "Download not supported", "First", "Previous", "Next", "Last", "pagination",
  "No data available in table", "No matching records found", "New Tab", "Rename Tab", "Copy Tab",
  "Close Tab", "Close other tabs", "Undo close Tab", "Show all", "True", "False", "Error",
  "Unable to get response from endpoint. Possible reasons:", "Incorrect endpoint URL",
  "Endpoint is down", "Try query in a new browser window", "Nothing to autocomplete yet!", "Loading...",
]);
// What has a number or a name in it: the words around it, and how it reads.
const MADE = [
  [/^(\d+) results?$/, "{0} results"],
  [/^(\d+) results? in ([\d.]+) seconds?$/, "{0} results in {1} seconds"],
  [/^Response in ([\d.]+) seconds?$/, "Response in {0} seconds"],
  [/^Showing (\d+) to (\d+) of ([\d,]+) (?:entries|entry)$/, "Rows {0} to {1} of {2}"],
  [/^Showing (\d+) to (\d+) of ([\d,]+) (?:entries|entry) \(filtered from ([\d,]+) total (?:entries|entry)\)$/, "Rows {0} to {1} of {2}, filtered from {3}"],
  [/^(.+): Activate to sort$/, "{0}: sort"],
  [/^(.+): Activate to invert sorting$/, "{0}: sort the other way"],
  [/^(.+): Activate to remove sorting$/, "{0}: do not sort"],
  [/^Shows (.+) view$/, "Show as: {0}"],
  [/^View documentation of (.+)$/, "About: {0}"],
  [/^Could not render results with the (.+) plugin, the results currently are rendered with the (.+) plugin\. ?(?:See )?$/, "These results cannot be shown as {0}; they are shown as {1}."],
  [/^This line is invalid\. Expected: (.+)$/, "This line is no SPARQL; expected: {0}"],
];
const SAID = ["title", "aria-label", "placeholder"];
const DATA = ".CodeMirror, tbody, .dt-column-title, .redOutline, pre, svg.drawing";

function said(text) {
  const plain = text.trim();
  if (FIXED.has(plain)) return text.replace(plain, say(plain));
  for (const [shape, words] of MADE) {
    const found = shape.exec(plain);
    // a name in it may be a word of Yasgui's itself
    if (found) return say(words, Object.fromEntries(found.slice(1).map((part, n) => [n, FIXED.has(part) ? say(part) : part])));
  }
  return text;
}

export function speak(root) {
  for (const node of root.querySelectorAll("*")) {
    for (const name of SAID) {
      const text = node.getAttribute(name);
      if (text && said(text) !== text) node.setAttribute(name, said(text));
    }
    if (node.closest(DATA)) continue;
    for (const text of node.childNodes)
      if (text.nodeType === Node.TEXT_NODE && said(text.data) !== text.data) text.data = said(text.data);
  }
}
