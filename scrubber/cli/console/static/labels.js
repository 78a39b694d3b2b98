// The labels of a policy: a switch, a threshold and an action for each. Rows are made once, so that a slider that is
// being moved stays where it is while answers come in.

import { el, hueOf, show } from "./dom.js";

export class LabelList {
  #rows;
  #isNarrow = true;

  /** `change(name, difference)` is told what was chosen; null: as in the base again. */
  constructor(list, setup, change) {
    this.#rows = new Map(setup.labels.map((label) => [label.name, new Row(label, setup.actions, change)]));
    list.replaceChildren(...[...this.#rows.values()].map((row) => row.element));
  }

  get shown() {
    return [...this.#rows.values()].filter((row) => !row.element.hidden).length;
  }

  /** Show what holds for each label: the draft over its base. */
  follow(base, draft) {
    for (const [name, row] of this.#rows) row.follow(base.labels[name], draft.labels[name] ?? {}, base, draft);
  }

  /** Show how often each label was found. */
  count(found) {
    const counts = new Map();
    for (const each of found) counts.set(each.label, (counts.get(each.label) ?? 0) + 1);
    for (const [name, row] of this.#rows) row.count = counts.get(name) ?? 0;
    this.narrow(this.#isNarrow);
  }

  /** Show only labels that are in the text, and those that are different, or all of them. */
  narrow(isNarrow) {
    this.#isNarrow = isNarrow;
    for (const row of this.#rows.values()) show(row.element, !isNarrow || row.count > 0 || row.isChanged);
  }
}

class Row {
  isChanged = false;
  #count = 0;

  constructor(label, actions, change) {
    const name = label.name;
    this.on = el("input", { type: "checkbox", role: "switch", id: `on-${name}`, change: () => this.#switch(change, name) });
    this.badge = el("span", { class: "badge" });
    this.value = el("output", { for: `at-${name}` });
    this.slider = el("input", {
      type: "range",
      id: `at-${name}`,
      min: 0,
      max: 1,
      step: 0.01,
      "aria-label": `Threshold of ${name}`,
      input: () => change(name, { threshold: Number(this.slider.value) }),
    });
    this.action = el(
      "select",
      { "aria-label": `Action for ${name}`, change: () => change(name, { action: this.action.value || null }) },
      el("option", { value: "" }, "default"),
      ...actions.map((action) => el("option", { value: action }, action)),
    );
    this.controls = el("div", { class: "controls" }, this.slider, this.value, this.action);
    this.element = el(
      "li",
      {},
      el("div", { class: "title" }, this.on, el("label", { for: `on-${name}`, title: label.meaning }, el("i", { class: `dot ${hueOf(name)}` }), name), this.badge),
      this.controls,
    );
  }

  set count(count) {
    this.#count = count;
    this.badge.textContent = count ? String(count) : "";
  }

  get count() {
    return this.#count;
  }

  follow(inBase, changes, base, draft) {
    this.inBase = inBase !== undefined;
    this.isChanged = Object.keys(changes).length > 0;
    const isOn = changes.enabled ?? this.inBase;
    const followsAll = inBase === undefined || inBase.threshold === base.threshold;
    const inherited = followsAll ? (draft.threshold ?? base.threshold) : inBase.threshold;
    const threshold = changes.threshold ?? inherited;
    this.on.checked = isOn;
    this.slider.value = threshold;
    this.value.textContent = threshold.toFixed(2);
    this.action.value = changes.action ?? "";
    this.action.firstElementChild.textContent = inBase && inBase.action !== base.action.split(",")[0] ? inBase.action : "default";
    show(this.controls, isOn);
    this.element.classList.toggle("changed", this.isChanged);
  }

  #switch(change, name) {
    change(name, { enabled: this.on.checked === this.inBase ? null : this.on.checked });
  }
}
