// Plain data as YAML in the authoring format: texts quoted wherever a reader could take them otherwise.
const PLAIN = /^[A-Za-z][\w-]*(:[A-Za-z][\w-]*)?$/;
const TAKEN = /^(true|false|yes|no|on|off|null|y|n)$/i;

const scalar = (value) => {
  const text = String(value);
  return PLAIN.test(text) && !TAKEN.test(text) ? text : JSON.stringify(text);
};
const empty = (value) => value === undefined || value === null || value === "";

export function asYaml(data, indent = "") {
  let out = "";
  for (const [key, value] of Object.entries(data)) {
    if (empty(value) || (Array.isArray(value) && !value.length)) continue;
    if (Array.isArray(value)) {
      if (value.every((v) => typeof v !== "object")) out += `${indent}${key}: [${value.map(scalar).join(", ")}]\n`;
      else out += `${indent}${key}:\n${value.map((v) => item(v, indent)).join("")}`;
    } else if (typeof value === "object") out += `${indent}${key}:\n${asYaml(value, `${indent}  `)}`;
    else out += `${indent}${key}: ${scalar(value)}\n`;
  }
  return out;
}
const item = (value, indent) => {
  const text = asYaml(value, `${indent}  `);
  return `${indent}- ${text.slice(indent.length + 2)}`;
};
