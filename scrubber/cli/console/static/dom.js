// Elements are made of text, never of markup: whatever a text holds, it is shown and nothing else.

const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

/** An element with attributes (null: left out; functions: listeners) and children (elements or text). */
export function el(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function show(element, isShown) {
  element.hidden = !isShown;
}

/** Tell what went wrong, or, with nothing, that all is well again. */
export function tellTrouble(problems = []) {
  const place = byId("trouble");
  place.textContent = problems.join(" · ");
  show(place, problems.length > 0);
}

const hues = new Map();

/** Give neighbours in a list of labels different colours. */
export function colour(labels) {
  labels.forEach((label, index) => hues.set(label, `hue${(index + 3 * Math.floor(index / 10)) % 10}`));
}

/** The colour of a label, the same everywhere. */
export function hueOf(label) {
  return hues.get(label) ?? "hue0";
}

export function table(heads, rows) {
  return el(
    "table",
    {},
    el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, head)))),
    el("tbody", {}, ...rows),
  );
}
