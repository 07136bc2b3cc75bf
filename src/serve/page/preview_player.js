// Previews of a training, with a slider through time.

import { button, h } from "./dom.js";

/** The fixed samples after the steps of `steps`; `source` gives the address of one. */
export class PreviewPlayer {
  constructor(source, caption) {
    this.source = source;
    this.steps = [];
    this.index = -1;
    this.follows = true;
    this.image = h("img", { alt: "", decoding: "async" });
    this.slider = h("input", { type: "range", min: "0", max: "0", value: "0", "aria-label": "Step of the preview", oninput: () => this.go(Number(this.slider.value)) });
    this.label = h("output", { class: "step" });
    this.playButton = button({ text: "Play", onclick: () => this.play() });
    this.node = h(
      "section",
      { class: "previews card", "aria-label": "Previews" },
      h("div", { class: "row between" }, h("h3", {}, "Previews"), this.label),
      h("div", { class: "preview-picture" }, this.image),
      h("div", { class: "row" }, this.playButton, this.slider),
      caption && h("p", { class: "hint" }, caption),
    );
    this.node.hidden = true;
  }

  set(steps) {
    this.steps = steps;
    this.node.hidden = !steps.length;
    this.slider.max = Math.max(0, steps.length - 1);
    if (this.follows || this.index >= steps.length) this.go(steps.length - 1);
  }

  go(index) {
    if (index < 0 || index >= this.steps.length) return;
    this.index = index;
    this.follows = index === this.steps.length - 1;
    const step = this.steps[index];
    this.slider.value = index;
    this.slider.setAttribute("aria-valuetext", `step ${step}`);
    this.label.textContent = `step ${step.toLocaleString("en")}`;
    this.image.src = this.source(step);
    this.image.alt = `The samples after step ${step}`;
    // The next one is there when it is wanted.
    if (index + 1 < this.steps.length) new Image().src = this.source(this.steps[index + 1]);
  }

  play() {
    if (this.timer) return this.leave();
    if (this.index === this.steps.length - 1) this.go(0);
    this.playButton.setAttribute("aria-pressed", "true");
    this.timer = setInterval(() => {
      if (this.index >= this.steps.length - 1) this.leave();
      else this.go(this.index + 1);
    }, 600);
  }

  leave() {
    clearInterval(this.timer);
    this.timer = null;
    this.playButton.removeAttribute("aria-pressed");
  }
}
