// Curves of a training: each loss smoothed over its raw values, an axis for each kind of loss.

import { field, h } from "./dom.js";

const { uPlot } = globalThis;

/** Colours that differ in both themes, also for the colour-blind (Okabe and Ito, darkened or lightened). */
const COLOURS = {
  light: ["#0059b3", "#c04a00", "#00785a", "#a13d8b", "#7a5c00", "#00718f", "#a3262f", "#4f4f9e"],
  dark: ["#6cb4ff", "#ffa35c", "#4fd6ae", "#f092d9", "#e8cf5a", "#63d2ee", "#ff9096", "#b3b0ff"],
};

const theme = () => (document.documentElement.dataset.theme === "dark" ? "dark" : "light");
const variable = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Which losses share an axis: what the discriminators see, what the generator is told by them, and each distance by itself. */
export function groups(names) {
  const kind = (name) => {
    if (/^D(_|$)/.test(name)) return "Discriminator";
    if (/(_GAN|_adv|^G_[AB]|^GAN)$/.test(name)) return "Generator: adversarial";
    if (/^(cycle|idt)_/.test(name)) return "Cycle and identity";
    return name;
  };
  const all = new Map();
  for (const name of names) {
    const key = kind(name);
    if (!all.has(key)) all.set(key, []);
    all.get(key).push(name);
  }
  const order = ["Generator: adversarial", "Discriminator"];
  return [...all].sort(([a], [b]) => (order.indexOf(a) + 9) % 9 - (order.indexOf(b) + 9) % 9 || a.localeCompare(b));
}

/** An exponential average that is not drawn to its first value; gaps stay gaps. */
export function smooth(values, weight) {
  let sum = 0;
  let mass = 0;
  return values.map((value) => {
    if (value === null || value === undefined) return null;
    sum = weight * sum + (1 - weight) * value;
    mass = weight * mass + (1 - weight);
    return sum / mass;
  });
}

/** A chart of some curves; `update(steps, columns)` draws them anew. `options`: title, smoothing (0 to 1), log. */
export class Chart {
  constructor(title, names, options) {
    this.names = names;
    this.options = options;
    this.host = h("div", { class: "plot" });
    this.legend = h("div", { class: "legend" });
    this.summary = h("p", { class: "hidden-text" });
    this.node = h("figure", { class: "chart card" }, h("figcaption", {}, h("h3", {}, title), this.legend), this.host, this.summary);
    this.hidden = new Set();
    this.observer = new ResizeObserver(() => this.fit());
    this.observer.observe(this.host);
    this.onTheme = () => this.build();
    document.addEventListener("theme", this.onTheme);
  }

  leave() {
    this.observer.disconnect();
    document.removeEventListener("theme", this.onTheme);
    this.plot?.destroy();
  }

  fit() {
    const width = this.host.clientWidth;
    if (this.plot && width) this.plot.setSize({ width, height: this.height() });
  }

  height() {
    return Math.max(200, Math.min(290, this.host.clientWidth * 0.5));
  }

  update(steps, columns) {
    this.steps = steps;
    this.columns = columns;
    if (!this.plot || this.plot.series.length !== 1 + 2 * this.names.length) this.build();
    else this.plot.setData(this.data(), this.plot.scales.x.min === this.full?.[0] && this.plot.scales.x.max === this.full?.[1]);
    this.full = steps.length ? [steps[0], steps.at(-1)] : null;
    this.describe();
  }

  set(options) {
    Object.assign(this.options, options);
    this.build();
  }

  data() {
    const positive = (values) => (this.options.log ? values.map((value) => (value > 0 ? value : null)) : values);
    const raw = this.names.map((name) => positive(this.columns[name]));
    const soft = this.names.map((name) => positive(smooth(this.columns[name], this.options.smoothing)));
    return [this.steps, ...raw, ...soft];
  }

  build() {
    if (!this.steps) return;
    const zoom = this.plot && this.full && (this.plot.scales.x.min !== this.full[0] || this.plot.scales.x.max !== this.full[1]) ? { min: this.plot.scales.x.min, max: this.plot.scales.x.max } : null;
    this.plot?.destroy();
    const colours = COLOURS[theme()];
    const colour = (index) => colours[index % colours.length];
    const lines = this.names.map((name, index) => ({ label: name, stroke: colour(index), show: !this.hidden.has(name) }));
    const raw = lines.map((line) => ({ ...line, width: 1, alpha: this.options.smoothing ? 0.28 : 0, points: { show: false } }));
    const soft = lines.map((line) => ({ ...line, width: 2.2, points: { show: this.steps.length < 3 }, spanGaps: true }));
    const axis = { stroke: variable("--muted"), grid: { stroke: variable("--line"), width: 1 }, ticks: { stroke: variable("--line"), width: 1 }, font: "12px system-ui, sans-serif" };
    this.plot = new uPlot(
      {
        width: this.host.clientWidth || 480,
        height: this.height(),
        series: [{ label: "step" }, ...raw, ...soft],
        scales: { x: { time: false }, y: { distr: this.options.log ? 3 : 1 } },
        axes: [axis, { ...axis, size: 58, values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : short(tick))) }],
        legend: { show: false },
        cursor: { drag: { x: true, y: false }, focus: { prox: 24 } },
        hooks: { setCursor: [(plot) => this.showValues(plot.cursor.idx)] },
      },
      this.data(),
      this.host,
    );
    if (zoom) this.plot.setScale("x", zoom);
    this.legend.replaceChildren(
      ...this.names.map((name, index) => {
        const mark = h("span", { class: "mark", "aria-hidden": "true" });
        mark.style.background = colour(index);
        return h("button", {
          type: "button", class: "legend-entry", "aria-pressed": this.hidden.has(name) ? "false" : "true", "aria-label": `${name}: show or hide`,
          onclick: () => {
            if (!this.hidden.delete(name)) this.hidden.add(name);
            this.build();
          },
        }, mark, name, h("output", { "data-name": name }));
      }),
    );
    this.showValues(null);
  }

  showValues(index) {
    const at = index ?? this.steps.length - 1;
    for (const output of this.legend.querySelectorAll("output")) {
      const soft = this.plot.data[1 + this.names.length + this.names.indexOf(output.dataset.name)];
      const value = soft?.[at];
      output.textContent = value === null || value === undefined ? "" : short(value);
    }
  }

  describe() {
    const last = this.names.map((name) => {
      const values = smooth(this.columns[name], this.options.smoothing);
      const value = values.findLast((one) => one !== null);
      return `${name} ${value === undefined ? "unknown" : short(value)}`;
    });
    this.summary.textContent = `At step ${this.steps.at(-1) ?? 0}: ${last.join(", ")}`;
  }
}

function short(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(1);
  return Number(value.toPrecision(size >= 100 ? 4 : 3)).toString();
}

/** The charts of a training: title, names, columns and options of each. */
export function chartsOf({ losses, lr, seconds }, options) {
  const plain = { smoothing: 0, log: false };
  return [
    ...groups(Object.keys(losses)).map(([title, names]) => [title, names, losses, options]),
    ["Learning rate", ["lr"], { lr }, plain],
    ["Seconds per step", ["seconds"], { seconds }, { ...plain, smoothing: 0.8 }],
  ];
}

/** The charts of evaluations, one for each metric. */
export function evaluationCharts(lines) {
  const names = Object.keys(lines.at(-1)?.metrics ?? {});
  return names.map((name) => [name, [name], { [name]: lines.map((line) => line.metrics[name] ?? null) }, { smoothing: 0, log: false }]);
}

/** What sets smoothing and scale of all charts. */
export function plotControls(options, set) {
  const smoothing = h("input", { type: "range", min: "0", max: "0.99", step: "0.01", value: options.smoothing, oninput: () => set({ smoothing: Number(smoothing.value) }) });
  const log = h("input", { type: "checkbox", onchange: () => set({ log: log.checked }) });
  return h(
    "div",
    { class: "plot-controls" },
    field("Smoothing", smoothing),
    h("label", { class: "check" }, log, "Log scale"),
    h("span", { class: "hint" }, "Drag over a chart to zoom, double-click to see all."),
  );
}
