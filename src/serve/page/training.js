// Training: all runs, and one of them as it goes on.

import { get, post } from "./api.js";
import { Chart, chartsOf, evaluationCharts, plotControls } from "./charts.js";
import { announce, button, duration, h, toast } from "./dom.js";
import { PreviewPlayer } from "./preview_player.js";
import { runForm } from "./run_form.js";

const CAPTIONS = {
  pix2pix: "Each row: input, output, target.",
  pix2pixhd: "Each row: input (a colour for each class), output, target.",
  cycle: "Each row: input, output, input recovered from the output.",
  contrastive: "Each row: input, output.",
  inpaint: "Each row: photo with a hole, filled, original.",
};

const STATES = { starting: "Starting", running: "Running", stopping: "Saving", stopped: "Stopped", finished: "Finished", failed: "Failed" };

export async function enter(main, [name]) {
  const view = name === "new" ? new NewRun(main) : name ? new RunView(main, name) : new RunList(main);
  await view.start();
  return { leave: () => view.leave() };
}

function pill(state) {
  return h("span", { class: `pill ${state}` }, STATES[state]);
}

function share(run) {
  return run.steps ? Math.min(1, run.step / run.steps) : 0;
}

class RunList {
  constructor(main) {
    this.list = h("ul", { class: "cards" });
    main.append(
      h("div", { class: "row between title-row" }, h("h1", {}, "Training"), h("a", { class: "button primary", href: "#/training/new" }, "New training")),
      this.list,
    );
  }

  async start() {
    await this.refresh();
    this.timer = setInterval(() => this.refresh().catch(() => {}), 3000);
  }

  leave() {
    clearInterval(this.timer);
  }

  async refresh() {
    const runs = await get("/api/runs");
    if (!runs.length) {
      this.list.replaceChildren(h("li", { class: "card empty" }, h("h2", {}, "Nothing has been trained yet"), h("p", {}, "Start one here, or with ", h("code", {}, "translate train"), " in a terminal: it shows up by itself.")));
      return;
    }
    const focused = document.activeElement?.getAttribute?.("href");
    this.list.replaceChildren(...runs.map((run) => this.card(run)));
    if (focused) this.list.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
  }

  card(run) {
    return h(
      "li",
      {},
      h(
        "a",
        { class: "card run-card", href: `#/training/${encodeURIComponent(run.name)}` },
        h("div", { class: "row between" }, h("strong", {}, run.name), pill(run.state)),
        h("progress", { max: "1", value: share(run), "aria-label": "Progress" }),
        h(
          "div",
          { class: "facts" },
          h("span", {}, `${run.step.toLocaleString("en")}${run.steps ? ` of ${run.steps.toLocaleString("en")}` : ""} steps`),
          run.mode && h("span", {}, run.mode),
          run.seconds_left !== null && h("span", {}, `${duration(run.seconds_left)} left`),
        ),
        run.error && h("p", { class: "error-text" }, run.error),
      ),
    );
  }
}

class RunView {
  constructor(main, name) {
    this.name = name;
    this.path = `/api/runs/${encodeURIComponent(name)}`;
    this.main = main;
    this.charts = new Map();
    this.options = { smoothing: 0.9, log: false };
    this.curves = { step: [], epoch: [], lr: [], seconds: [], losses: {} };
  }

  async start() {
    this.head = h("div", { class: "run-head card" });
    this.plots = h("div", { class: "plots" });
    this.evaluations = h("div", { class: "plots" });
    const run = await get(this.path);
    this.player = new PreviewPlayer((step) => `${this.path}/previews/${step}`, CAPTIONS[run.mode]);
    this.main.append(
      h("nav", { class: "crumbs", "aria-label": "Path" }, h("a", { href: "#/training" }, "Training"), " / ", this.name),
      this.head,
      h("div", { class: "run-grid" }, this.player.node, h("div", { class: "plot-column" }, plotControls(this.options, (options) => this.setOptions(options)), this.plots, this.evaluations)),
    );
    this.showRun(run);
    this.add(await get(`${this.path}/metrics?most=4000`).catch(() => this.curves));
    await this.showEvaluations();
    this.open();
  }

  leave() {
    this.source?.close();
    clearTimeout(this.drawing);
    this.player.leave();
    for (const chart of this.charts.values()) chart.leave();
  }

  open() {
    this.source = new EventSource(`${this.path}/events?after=${this.curves.step.at(-1) ?? 0}`);
    this.source.addEventListener("metrics", (event) => this.add(JSON.parse(event.data)));
    this.source.addEventListener("previews", (event) => this.player.set(JSON.parse(event.data)));
    this.source.addEventListener("run", (event) => this.showRun(JSON.parse(event.data)));
    this.source.addEventListener("restart", () => {
      this.curves = { step: [], epoch: [], lr: [], seconds: [], losses: {} };
    });
    this.source.onerror = () => {
      // The browser would ask again from the step that it began with.
      if (this.source.readyState === EventSource.CLOSED || !this.head.isConnected) return;
      this.source.close();
      setTimeout(() => this.head.isConnected && this.open(), 3000);
    };
  }

  /** Only losses are smoothed as asked. */
  setOptions(options) {
    Object.assign(this.options, options);
    const losses = new Set(Object.keys(this.curves.losses));
    for (const chart of this.charts.values()) if (losses.has(chart.names[0])) chart.set(options);
  }

  /** Adds steps, and draws them when there is time. */
  add(more) {
    const all = this.curves;
    const before = all.step.length;
    for (const key of ["step", "epoch", "lr", "seconds"]) all[key].push(...more[key]);
    for (const name of new Set([...Object.keys(all.losses), ...Object.keys(more.losses)])) {
      const values = (all.losses[name] ??= Array(before).fill(null));
      values.push(...(more.losses[name] ?? Array(more.step.length).fill(null)));
    }
    this.drawing ??= setTimeout(() => {
      this.drawing = null;
      this.draw();
    }, 50);
  }

  draw() {
    const { step } = this.curves;
    if (!step.length) return;
    for (const [title, names, columns, options] of chartsOf(this.curves, this.options)) {
      const key = `${title}/${names.join()}`;
      let chart = this.charts.get(key);
      if (!chart) {
        chart = new Chart(title, names, { ...options });
        this.charts.set(key, chart);
        this.plots.append(chart.node);
      }
      chart.update(step, columns);
    }
  }

  async showEvaluations() {
    const lines = await get(`${this.path}/evaluations`).catch(() => []);
    this.evaluations.replaceChildren();
    if (!lines.length) return;
    const best = lines.findLast((line) => line.best);
    this.evaluations.append(h("div", { class: "full-row" }, h("h2", {}, "Evaluations"), best && h("p", { class: "muted" }, `Step ${best.step} is the best by ${best.decides}.`)));
    const steps = lines.map((line) => line.step);
    for (const [name, names, columns, options] of evaluationCharts(lines)) {
      const chart = new Chart(name, names, options);
      this.charts.set(`evaluation/${name}`, chart);
      this.evaluations.append(chart.node);
      chart.update(steps, columns);
    }
  }

  showRun(run) {
    if (this.run && this.run.state !== run.state) announce(`${run.name}: ${STATES[run.state]}`);
    const changed = !this.run || this.run.state !== run.state || this.run.own !== run.own;
    this.run = run;
    if (changed) {
      this.facts = h("dl", { class: "numbers" });
      this.progress = h("progress", { max: "1", "aria-label": "Progress" });
      this.head.replaceChildren(h("div", { class: "row between wrap" }, h("div", { class: "row" }, h("h1", {}, run.name), pill(run.state)), h("div", { class: "row" }, this.actions(run))), this.progress, this.facts);
      if (run.error) this.head.append(h("p", { class: "notice error", role: "alert" }, run.error));
    }
    this.progress.value = share(run);
    const fact = (name, value) => value !== null && value !== undefined && h("div", {}, h("dt", {}, name), h("dd", {}, value));
    this.facts.replaceChildren(
      ...[
        fact("Step", `${run.step.toLocaleString("en")}${run.steps ? ` / ${run.steps.toLocaleString("en")}` : ""}`),
        fact("Epoch", run.epoch || null),
        fact("Time left", run.seconds_left === null ? null : duration(run.seconds_left)),
        fact("Per step", run.seconds_per_step === null ? null : duration(run.seconds_per_step)),
        fact("Learning rate", run.lr === null ? null : run.lr.toPrecision(3)),
        fact("Mode", run.mode),
      ].filter(Boolean),
    );
  }

  actions(run) {
    const act = (what) => async () => {
      try {
        this.showRun(await post(`${this.path}/${what}`, what === "resume" ? {} : undefined));
      } catch (error) {
        toast(error.message, "error");
      }
    };
    if (run.state === "running" || run.state === "starting") {
      return run.own ? [button({ text: "Stop", symbol: "stop", onclick: act("stop") })] : [h("span", { class: "hint" }, "Started elsewhere")];
    }
    if (run.state === "stopped" || run.state === "failed") return [button({ text: "Resume", symbol: "play", kind: "primary", onclick: act("resume") })];
    return [];
  }
}

class NewRun {
  constructor(main) {
    this.main = main;
  }

  async start() {
    const [recipes, roots] = await Promise.all([get("/api/recipes"), get("/api/roots")]);
    this.main.append(
      h("nav", { class: "crumbs", "aria-label": "Path" }, h("a", { href: "#/training" }, "Training"), " / New"),
      h("h1", { class: "title-row" }, "New training"),
      runForm(recipes, roots, async (request) => {
        const run = await post("/api/runs", request);
        location.hash = `#/training/${encodeURIComponent(run.name)}`;
      }),
    );
  }

  leave() {}
}
