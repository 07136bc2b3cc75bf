// The report of a training: what the page shows of it, of data that lies in the report.

import { Chart, chartsOf, evaluationCharts, plotControls } from "./charts.js";
import { h } from "./dom.js";
import { PreviewPlayer } from "./preview_player.js";

const dark = matchMedia("(prefers-color-scheme: dark)");
const setTheme = () => {
  document.documentElement.dataset.theme = dark.matches ? "dark" : "light";
  document.dispatchEvent(new CustomEvent("theme"));
};
setTheme();
dark.addEventListener("change", setTheme);

const { curves, evaluations, previews, caption } = JSON.parse(document.getElementById("data").textContent);
const options = { smoothing: 0.9, log: false };
const losses = [];

/** A row of charts over some steps. */
function row(steps, list) {
  const charts = list.map(([title, names, columns, own]) => [new Chart(title, names, { ...own }), columns]);
  const node = h("div", { class: "plots" }, charts.map(([chart]) => chart.node));
  // A chart needs to know how wide it is.
  requestAnimationFrame(() => charts.forEach(([chart, columns]) => chart.update(steps, columns)));
  losses.push(...charts.map(([chart]) => chart).filter((chart) => chart.names[0] in curves.losses));
  return node;
}

const player = new PreviewPlayer((step) => previews.find((one) => one.step === step).picture, caption);
player.set(previews.map((one) => one.step));
const best = evaluations.findLast((line) => line.best);
document.getElementById("report").append(
  player.node,
  h("h2", {}, "Losses"),
  plotControls(options, (changed) => losses.forEach((chart) => chart.set(changed))),
  curves.step.length ? row(curves.step, chartsOf(curves, options)) : h("p", { class: "muted" }, "Nothing has been logged yet."),
  ...(evaluations.length
    ? [
        h("h2", {}, "Evaluations"),
        best ? h("p", {}, `The weights of step ${best.step} are the best by ${best.decides}; they are kept in best/.`) : "",
        row(evaluations.map((line) => line.step), evaluationCharts(evaluations)),
      ]
    : []),
);
