// A text, a draft of a policy, and what the one makes of the other.

import { ask, Refused } from "./api.js";
import { byId, colour, el, hueOf, show, table, tellTrouble } from "./dom.js";
import { LabelList } from "./labels.js";
import { SAMPLES } from "./samples.js";

const WAIT_MS = 120;

let setup;
let labels;
let draft;
let yaml = "";
let timer;
let running;

export function startPlayground(told) {
  setup = told;
  colour(setup.labels.map((label) => label.name));
  labels = new LabelList(byId("labels"), setup, changeLabel);
  fill(byId("base"), setup.bases.map((base) => base.name));
  fill(byId("model"), setup.models);
  fill(byId("action"), setup.actions);
  byId("text").maxLength = setup.max_text;
  byId("samples").append(...SAMPLES.map(([name, text]) => el("button", { type: "button", click: () => put(text) }, name)));
  byId("text").addEventListener("input", later);
  byId("model").addEventListener("change", later);
  byId("base").addEventListener("change", startOver);
  byId("reset").addEventListener("click", startOver);
  byId("threshold").addEventListener("input", () => change({ threshold: Number(byId("threshold").value) }));
  byId("action").addEventListener("change", () => change({ action: byId("action").value }));
  byId("some").addEventListener("click", () => narrow(true));
  byId("all").addEventListener("click", () => narrow(false));
  byId("download").addEventListener("click", download);
  copies("copy-clean", () => byId("clean").textContent);
  copies("copy-yaml", () => yaml);
  narrow(true);
  startOver();
}

function put(text) {
  byId("text").value = text;
  later();
}

function base() {
  return setup.bases.find((each) => each.name === byId("base").value);
}

function startOver() {
  draft = { base: byId("base").value, labels: {} };
  byId("action").value = base().action;
  byId("about-base").textContent = base().description;
  later();
}

/** Note what is different; what is as in the base is no difference. */
function change(difference) {
  Object.assign(draft, difference);
  for (const key of ["threshold", "action"]) if (draft[key] === base()[key]) delete draft[key];
  later();
}

function changeLabel(name, difference) {
  const changed = { ...draft.labels[name], ...difference };
  for (const key of Object.keys(changed)) if (changed[key] === null) delete changed[key];
  if (Object.keys(changed).length) draft.labels[name] = changed;
  else delete draft.labels[name];
  later();
}

function narrow(isNarrow) {
  byId("some").setAttribute("aria-pressed", String(isNarrow));
  byId("all").setAttribute("aria-pressed", String(!isNarrow));
  labels.narrow(isNarrow);
  show(byId("no-labels"), isNarrow && labels.shown === 0);
}

function later() {
  const threshold = draft.threshold ?? base().threshold;
  byId("threshold").value = threshold;
  byId("threshold-value").textContent = threshold.toFixed(2);
  byId("count").textContent = byId("text").value ? ` ${byId("text").value.length.toLocaleString("en")} characters` : "";
  labels.follow(base(), draft);
  clearTimeout(timer);
  timer = setTimeout(answer, WAIT_MS);
}

async function answer() {
  running?.abort();
  running = new AbortController();
  document.documentElement.dataset.busy = "";
  try {
    const question = { text: byId("text").value, draft, model: byId("model").value };
    render(await ask("/api/examine", question, running.signal));
    tellTrouble();
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof Refused)) throw error;
    tellTrouble(error.problems);
  }
  delete document.documentElement.dataset.busy;
}

function render(told) {
  const acted = told.found.filter((found) => found.action);
  byId("marked").replaceChildren(...told.pieces.map(([text, index]) => piece(text, told.found[index])));
  byId("clean").replaceChildren(...cleanPieces(told));
  byId("facts").textContent = facts(told, acted.length);
  byId("digest").textContent = told.policy.digest.slice(0, 12);
  byId("findings").replaceChildren(told.found.length ? findings(told.found) : el("p", { class: "note" }, "Nothing found."));
  byId("about-event").textContent = aboutEvent(told);
  byId("event").textContent = told.event === null ? "" : JSON.stringify(told.event, null, 2);
  show(byId("event"), told.event !== null);
  yaml = told.yaml;
  byId("yaml").textContent = yaml;
  labels.count(told.found);
  show(byId("no-labels"), byId("some").getAttribute("aria-pressed") === "true" && labels.shown === 0);
}

function facts(told, acted) {
  if (told.reason !== null) return `does not go on: ${told.reason}`;
  if (!byId("text").value) return "";
  const left = told.found.length - acted;
  return [`${acted} redacted`, left ? `${left} left alone` : null, `${told.millis} ms`].filter(Boolean).join(" · ");
}

function aboutEvent(told) {
  if (told.reason !== null) return "The envelope that the quarantine topic gets, here without the encrypted record.";
  return told.event === null ? "Nothing was redacted: there is no event." : "As it leaves, with the clean record, in one transaction.";
}

function piece(text, found) {
  if (found === undefined) return document.createTextNode(text);
  const told = `${found.label}, ${found.by}, score ${found.score.toFixed(2)}: ${found.action || "left alone"}`;
  const tag = el("span", { class: "tag" }, `${found.label} ${found.score.toFixed(2)}`);
  return el("mark", { class: `${hueOf(found.label)}${found.action ? "" : " left"}`, title: told }, text, tag);
}

function cleanPieces(told) {
  if (told.reason !== null) return [el("span", { class: "none" }, "Nothing. The record goes to quarantine.")];
  return told.clean_pieces.map(([text, label]) => (label === null ? text : el("mark", { class: hueOf(label), title: label }, text)));
}

function findings(found) {
  const rows = found.map((each) =>
    el(
      "tr",
      { class: each.action ? null : "left" },
      el("td", {}, el("i", { class: `dot ${hueOf(each.label)}` }), each.label),
      el("td", {}, each.action || "left alone"),
      el("td", { class: "number" }, each.score.toFixed(2)),
      el("td", {}, each.by),
      el("td", {}, each.check),
      el("td", {}, el("code", {}, each.path)),
      el("td", { class: "number" }, `${each.start}–${each.end}`),
    ),
  );
  return table(["label", "action", "score", "found by", "check", "field", "characters"], rows);
}

function download() {
  const url = URL.createObjectURL(new Blob([yaml], { type: "application/yaml" }));
  const own = base().own;
  el("a", { href: url, download: own ? `${draft.base}-changes.yaml` : `${draft.base}-tuned.yaml` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

function copies(id, content) {
  const button = byId(id);
  const word = button.textContent;
  show(button, Boolean(navigator.clipboard));
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(content());
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = word), 1200);
  });
}

function fill(select, names) {
  select.replaceChildren(...names.map((name) => el("option", { value: name }, name)));
}
