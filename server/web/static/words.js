// The scripts' words in the language of the page: English as written, Chinese from the server.
export const lang = document.documentElement.lang === "zh-hans" ? "zh" : "en";
const words = lang === "en" ? {} : await (await fetch(`/words.json?lang=${lang}`)).json();

export const say = (text, values = {}) => (words[text] ?? text).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

// What a check says comes in the shapes' words; one kind of them names a field.
export function sayMessage(text) {
  const field = /^The field (\w+) takes (.+)\.$/.exec(text ?? "");
  return field ? say("The field {field} takes {what}.", { field: field[1], what: say(field[2]) }) : say(text ?? "");
}
