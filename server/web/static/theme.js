// Runs before the first paint: the reader's choice of light or dark, if there was one.
const kept = (() => { try { return localStorage.getItem("theme"); } catch { return null; } })();
if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
document.addEventListener("DOMContentLoaded", () => {
  const button = document.querySelector("button[data-theme]");
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* a private window */ }
  });
});
addEventListener("load", () => requestAnimationFrame(() => setTimeout(() => document.documentElement.classList.add("painted"))));
