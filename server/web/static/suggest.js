// Suggestions under a search field (ARIA 1.2 combobox with a list box). Without it the form works.
const BASE = "https://w3id.org/catchup/";
const WAIT = 120; // milliseconds between a key and the question: fast typists type one in 100

for (const [n, field] of document.querySelectorAll("input[data-suggest]").entries()) attach(field, n);

function attach(field, n) {
  const list = document.createElement("ul");
  list.id = `suggestions-${n}`;
  list.className = "suggestions";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", field.labels[0]?.textContent ?? "");
  list.hidden = true;
  field.after(list);
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-expanded", "false");
  field.setAttribute("aria-controls", list.id);
  field.setAttribute("aria-autocomplete", "list");
  let timer, asked, at = -1;

  const close = () => {
    list.hidden = true;
    at = -1;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  };
  const mark = (to) => {
    const options = [...list.children];
    if (!options.length) return;
    at = (to + options.length) % options.length;
    options.forEach((o, i) => o.setAttribute("aria-selected", String(i === at)));
    field.setAttribute("aria-activedescendant", options[at].id);
    options[at].scrollIntoView({ block: "nearest" });
  };
  const show = (hits) => {
    list.replaceChildren(...hits.map((hit, i) => {
      const option = document.createElement("li");
      option.id = `${list.id}-${i}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.dataset.href = `/${hit.iri.slice(BASE.length)}.html`;
      option.textContent = hit.label;
      const kind = document.createElement("small");
      kind.textContent = (hit.types.find((t) => t.startsWith("cu:")) ?? "").slice(3);
      option.append(" ", kind);
      option.addEventListener("mousedown", (event) => { event.preventDefault(); go(option); });
      return option;
    }));
    at = -1;
    list.hidden = hits.length === 0;
    field.setAttribute("aria-expanded", String(hits.length > 0));
  };
  const go = (option) => {
    const address = new URL(option.dataset.href, location.href);
    if (address.origin === location.origin) location.assign(address);
  };
  field.addEventListener("input", () => {
    clearTimeout(timer);
    const text = field.value.trim();
    if (text.length < 2) { close(); return; }
    timer = setTimeout(async () => {
      asked?.abort();
      asked = new AbortController();
      try {
        const answer = await fetch(`/search.json?limit=8&lang=${document.documentElement.lang}&q=${encodeURIComponent(text)}`, { signal: asked.signal });
        if (answer.ok) show((await answer.json()).results.filter((hit) => hit.iri.startsWith(BASE)));
      } catch { /* a newer question took its place, or the server is gone: the form still works */ }
    }, WAIT);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    else if (list.hidden) return;
    else if (event.key === "ArrowDown") { event.preventDefault(); mark(at + 1); }
    else if (event.key === "ArrowUp") { event.preventDefault(); mark(at - 1); }
    else if (event.key === "Enter" && at >= 0) { event.preventDefault(); go(list.children[at]); }
  });
  field.addEventListener("blur", close);
}
