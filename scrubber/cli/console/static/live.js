// What a worker does: its counters, made into rates and drawn.

import { ask, Refused } from "./api.js";
import { TimeChart, spark } from "./charts.js";
import { byId, el, show, table } from "./dom.js";

const KEPT = 450;
const TOP = 6;

const compact = new Intl.NumberFormat("en", { maximumSignificantDigits: 3, notation: "compact" });
const number = { format: (value) => compact.format(value).replace("K", " k").replace("M", " M") };
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const perSecond = (value) => `${number.format(value)}/s`;
const seconds = (value) => (value < 1 ? `${number.format(value * 1000)} ms` : `${number.format(value)} s`);
const bytes = (value) => (value >= 1e6 ? `${number.format(value / 1e6)} MB/s` : `${number.format(value / 1e3)} kB/s`);

let samples = [];
let charts;
let timer;
let isOn = false;

export function startLive(hasWorker) {
  if (isOn) return;
  charts ??= makeCharts();
  if (!hasWorker) {
    byId("live-state").textContent = "";
    byId("charts").replaceChildren(nobody());
    show(byId("versions").parentElement, false);
    return;
  }
  isOn = true;
  look();
}

export function stopLive() {
  isOn = false;
  clearTimeout(timer);
}

function nobody() {
  return el(
    "div",
    { class: "card wide" },
    el("p", {}, "There is no worker to look at."),
    el("p", { class: "note" }, "Start one with ", el("code", {}, "console: {enabled: true}"), " in its configuration, or this console with ", el("code", {}, "--metrics-url http://HOST:9464/metrics"), "."),
  );
}

async function look() {
  let wait = 2;
  try {
    const told = await ask(`/api/live?since=${samples.at(-1)?.time ?? 0}`);
    samples = [...samples, ...told.samples].slice(-KEPT);
    wait = told.interval_secs;
    byId("live-state").textContent = told.trouble || state();
    byId("live-state").classList.toggle("bad", told.trouble !== "");
    if (samples.length) draw(told.running);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    byId("live-state").textContent = error.problems.join(" · ");
    byId("live-state").classList.add("bad");
  }
  if (isOn) timer = setTimeout(look, wait * 1000);
}

function state() {
  const last = samples.at(-1);
  if (last === undefined) return "waiting for the first numbers";
  const minutes = (last.time - samples[0].time) / 60;
  return `${whole.format(last.partitions)} partitions · last ${minutes < 1 ? "minute" : `${Math.ceil(minutes)} minutes`}`;
}

/** What a counter did between two samples, for each second; null where it began anew. */
function rates(read) {
  return samples.slice(1).map((sample, index) => {
    const before = samples[index];
    const change = read(sample) - read(before);
    return change < 0 ? null : change / (sample.time - before.time);
  });
}

/** The same for counters by name; the largest ones, the rest as one. */
function ratesByName(read) {
  const last = Object.entries(read(samples.at(-1))).sort((one, other) => other[1] - one[1]);
  const series = last.slice(0, TOP).map(([name]) => [name, rates((sample) => read(sample)[name] ?? 0)]);
  const rest = last.slice(TOP).map(([name]) => name);
  if (rest.length) series.push(["all others", rates((sample) => rest.reduce((sum, name) => sum + (read(sample)[name] ?? 0), 0))]);
  return series;
}

/** Seconds that a chunk spent in a stage, between two samples. */
function meanSeconds(stage) {
  return samples.slice(1).map((sample, index) => {
    const [count, total] = sample.stages[stage] ?? [0, 0];
    const [countBefore, totalBefore] = samples[index].stages[stage] ?? [0, 0];
    return count > countBefore ? (total - totalBefore) / (count - countBefore) : null;
  });
}

/** The whole first, then its parts; without a model there is no time of one. */
function stages({ models }) {
  const known = Object.keys(samples.at(-1).stages).filter((stage) => stage !== "scrub" && (stage !== "model" || models.length));
  return ["scrub", ...known].map((stage) => [stage === "scrub" ? "scrub (whole)" : stage, meanSeconds(stage)]);
}

function lagByPartition() {
  const largest = Object.entries(samples.at(-1).lag).sort((one, other) => other[1] - one[1]);
  return largest.slice(0, TOP).map(([name]) => [name, samples.slice(1).map((sample) => sample.lag[name] ?? null)]);
}

function hitShare() {
  return samples.slice(1).map((sample, index) => {
    const before = samples[index].cache;
    const hits = (sample.cache.hit ?? 0) - (before.hit ?? 0);
    const all = hits + (sample.cache.miss ?? 0) - (before.miss ?? 0);
    return all > 0 ? hits / all : null;
  });
}

function makeCharts() {
  const made = [
    ["Throughput", perSecond, { stacked: true }, () => Object.keys(samples.at(-1).records).map((kind) => [kind, rates((sample) => sample.records[kind])])],
    ["Lag by partition", (value) => number.format(value), { most: 10 }, lagByPartition],
    ["Time of a chunk, by stage", seconds, {}, stages],
    ["Redactions by label", perSecond, { stacked: true }, () => ratesByName((sample) => sample.labels)],
    ["Quarantined by reason", perSecond, { stacked: true }, () => ratesByName((sample) => sample.reasons)],
    ["Texts answered by the cache", (value) => `${Math.round(value * 100)} %`, { most: 1, none: "Nothing yet. What a model has read is cached." }, () => (Object.keys(samples.at(-1).cache).length === 0 ? [] : [["share", hitShare()]])],
  ].map(([title, format, options, series]) => ({ chart: new TimeChart(title, format, options), series }));
  byId("charts").replaceChildren(...made.map(({ chart }) => chart.element));
  return made;
}

function draw(running) {
  const times = samples.slice(1).map((sample) => sample.time);
  for (const { chart, series } of charts) chart.draw(times, series(running));
  byId("tiles").replaceChildren(...tiles());
  byId("versions").replaceChildren(versions(running));
}

function tiles() {
  const last = samples.at(-1);
  const records = rates((sample) => sample.records.clean + sample.records.quarantined);
  const read = rates((sample) => sample.bytes);
  const lag = samples.map((sample) => Object.values(sample.lag).reduce((sum, each) => sum + each, 0));
  const redactions = rates((sample) => Object.values(sample.labels).reduce((sum, each) => sum + each, 0));
  const latest = (values) => values.findLast((value) => value !== null) ?? 0;
  return [
    tile("Records", perSecond(latest(records)), bytes(latest(read)), records),
    tile("Lag", number.format(lag.at(-1)), "records behind", lag),
    tile("Redactions", perSecond(latest(redactions)), `${number.format(Object.values(last.labels).reduce((sum, each) => sum + each, 0))} in all`, redactions),
    tile("Transactions", whole.format(last.committed), `${whole.format(last.aborted)} aborted`, rates((sample) => sample.committed)),
    tile("Quarantined", whole.format(last.records.quarantined), "records in all", rates((sample) => sample.records.quarantined)),
    verdict("Unscanned", last.unscanned, "characters, must be 0"),
    verdict("Residual", last.verify_hits, "texts, must be 0"),
  ];
}

function tile(name, value, told, values) {
  return el("li", { class: "card" }, el("h2", {}, name), el("p", { class: "value" }, value), el("p", { class: "note" }, told), spark(values));
}

function verdict(name, count, told) {
  return el("li", { class: "card" }, el("h2", {}, name), el("p", { class: `value ${count ? "bad" : "good"}` }, count ? whole.format(count) : "0 ✓"), el("p", { class: "note" }, told));
}

function versions(running) {
  const rows = [
    ...running.version.map((it) => ["scrubber", it.version, ""]),
    ...running.policies.map((it) => ["policy", it.policy, it.digest]),
    ...running.rules.map((it) => ["rules", `${it.rules} rules`, it.digest]),
    ...running.models.map((it) => ["model", `${it.name} ${it.revision}`.trim(), `${it.digest} · ${it.engine} on ${it.device}, ${it.dtype}`]),
  ];
  return table(["what", "which", "digest"], rows.map((cells) => el("tr", {}, ...cells.map((cell, index) => el("td", {}, index === 2 ? el("code", {}, cell) : cell)))));
}
