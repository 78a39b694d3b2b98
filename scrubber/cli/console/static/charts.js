// Lines and stacked areas over time, in SVG. A pointer, or the arrow keys, read the values of a moment.

import { el, svg } from "./dom.js";

const HEIGHT = 168;
const LEFT = 52;
const BOTTOM = 22;
const TOP = 8;
const RIGHT = 6;
const GAP_SECS = 30;

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export class TimeChart {
  #format;
  #options;
  #times = [];
  #series = [];
  #at = null;

  /** `options`: stacked (areas upon each other), most (the least that the scale ends with), none (where nothing is). */
  constructor(title, format, options) {
    this.#format = format;
    this.#options = options;
    this.plot = el("div", { class: "plot", tabindex: 0, role: "img", keydown: (event) => this.#key(event), pointermove: (event) => this.#point(event), pointerleave: () => this.#read(null), blur: () => this.#read(null) });
    this.moment = el("span", { class: "facts" });
    this.legend = el("ul", { class: "legend" });
    this.title = title;
    this.element = el("figure", { class: "card" }, el("div", { class: "head" }, el("h2", {}, title), this.moment), this.plot, this.legend);
    new ResizeObserver(() => this.#paint()).observe(this.plot);
  }

  /** `series`: names with one value for each of `times` (null: not known). */
  draw(times, series) {
    this.#times = times;
    this.#series = series;
    this.#paint();
  }

  #paint() {
    const width = this.plot.clientWidth;
    if (!width) return;
    const times = this.#times;
    if (times.length < 2 || !this.#series.length) {
      this.plot.replaceChildren(el("p", { class: "note" }, times.length < 2 ? "Waiting for numbers." : (this.#options.none ?? "Nothing yet.")));
      this.plot.setAttribute("aria-label", `${this.title}: nothing yet`);
      this.legend.replaceChildren();
      return;
    }
    const layers = this.#layers();
    const most = niceAbove(Math.max(this.#options.most ?? 0, ...layers.flatMap(({ tops }) => tops.map((top) => top ?? 0))));
    const x = (time) => LEFT + ((time - times[0]) / (times.at(-1) - times[0])) * (width - LEFT - RIGHT);
    const y = (value) => TOP + (1 - value / most) * (HEIGHT - TOP - BOTTOM);
    const drawing = svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, "aria-hidden": "true" });
    drawing.append(...this.#grid(width, most, y), ...this.#clock(width, x));
    for (const layer of layers.toReversed()) drawing.append(...this.#layer(layer, x, y));
    if (this.#at !== null && times[this.#at] !== undefined) {
      const place = x(times[this.#at]);
      drawing.append(svg("line", { class: "cursor", x1: place, x2: place, y1: TOP, y2: HEIGHT - BOTTOM }));
    }
    this.plot.replaceChildren(drawing);
    this.#tell();
  }

  /** Each series with where it ends, and where it begins: on the one below, if they are stacked. */
  #layers() {
    let ground = this.#times.map(() => 0);
    return this.#series.map(([name, values], index) => {
      const bottoms = this.#options.stacked ? ground : null;
      const tops = bottoms ? values.map((value, at) => (value ?? 0) + bottoms[at]) : values;
      if (bottoms) ground = tops;
      return { name, index, tops, bottoms };
    });
  }

  #layer({ index, tops, bottoms }, x, y) {
    const drawn = [];
    for (const run of runs(this.#times, tops)) {
      const line = run.map((at) => `${x(this.#times[at]).toFixed(1)},${y(tops[at]).toFixed(1)}`);
      if (bottoms) {
        const back = run.toReversed().map((at) => `${x(this.#times[at]).toFixed(1)},${y(bottoms[at]).toFixed(1)}`);
        drawn.push(svg("polygon", { class: `area series${index}`, points: [...line, ...back].join(" ") }));
      }
      drawn.push(svg("polyline", { class: `line ${bottoms ? "edge " : ""}series${index}`, points: line.join(" ") }));
    }
    return drawn;
  }

  #grid(width, most, y) {
    return [0, 0.5, 1].flatMap((share) => {
      const place = y(most * share);
      return [
        svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: place, y2: place }),
        svg("text", { class: "tick", x: LEFT - 8, y: place + 3.5, "text-anchor": "end" }, this.#format(most * share)),
      ];
    });
  }

  #clock(width, x) {
    const [first, last] = [this.#times[0], this.#times.at(-1)];
    const moments = width < 380 ? [first, last] : [first, (first + last) / 2, last];
    return moments.map((time, index) => {
      const anchor = index === 0 ? "start" : index === moments.length - 1 ? "end" : "middle";
      return svg("text", { class: "tick", x: x(time), y: HEIGHT - 5, "text-anchor": anchor }, clock.format(time * 1000));
    });
  }

  #tell() {
    const at = this.#at ?? this.#times.length - 1;
    const values = this.#series.map(([name, values]) => [name, values[at] === null || values[at] === undefined ? "–" : this.#format(values[at])]);
    this.moment.textContent = this.#at === null ? "" : clock.format(this.#times[at] * 1000);
    this.legend.replaceChildren(...values.map(([name, value], index) => el("li", {}, el("i", { class: `series${index}` }), `${name} `, el("b", {}, value))));
    this.plot.setAttribute("aria-label", `${this.title}: ${values.map(([name, value]) => `${name} ${value}`).join(", ")}`);
  }

  #point(event) {
    if (this.#times.length < 2) return;
    const box = this.plot.getBoundingClientRect();
    const share = (event.clientX - box.left - LEFT) / (box.width - LEFT - RIGHT);
    const time = this.#times[0] + share * (this.#times.at(-1) - this.#times[0]);
    const nearest = this.#times.reduce((best, each, at) => (Math.abs(each - time) < Math.abs(this.#times[best] - time) ? at : best), 0);
    this.#read(nearest);
  }

  #key(event) {
    const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
    if (!(event.key in steps) || this.#times.length < 2) return;
    event.preventDefault();
    const last = this.#times.length - 1;
    this.#read(Math.min(last, Math.max(0, (this.#at ?? last) + steps[event.key])));
  }

  #read(at) {
    this.#at = at;
    this.#paint();
  }
}

/** A small line without scale, for a tile. */
export function spark(values) {
  const known = values.slice(-60);
  const most = Math.max(...known.map((value) => value ?? 0), 0) || 1;
  const points = known.map((value, at) => `${((at / Math.max(known.length - 1, 1)) * 100).toFixed(1)},${(22 - ((value ?? 0) / most) * 20).toFixed(1)}`);
  return svg("svg", { class: "spark", viewBox: "0 0 100 24", preserveAspectRatio: "none", "aria-hidden": "true" }, svg("polyline", { class: "line series0", points: points.join(" ") }));
}

/** The parts of a series without holes: indexes whose values are known and whose times follow each other. */
function* runs(times, values) {
  let run = [];
  for (let at = 0; at < times.length; at += 1) {
    const isHole = values[at] === null || (at > 0 && times[at] - times[at - 1] > GAP_SECS);
    if (isHole && run.length) {
      yield run;
      run = [];
    }
    if (values[at] !== null) run.push(at);
  }
  if (run.length) yield run;
}

/** The next round number: a digit or two times a power of ten. */
function niceAbove(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((step) => step * power).find((step) => step >= value);
}
