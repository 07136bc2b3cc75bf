// Folders: a whole folder through a style.

import { get, post, remove, styles } from "./api.js";
import { button, duration, field, h, icon, select, toast } from "./dom.js";
import { folderPicker } from "./folder_picker.js";
import { noStyles } from "./style_picker.js";

export async function enter(main) {
  const [all, roots] = await Promise.all([styles(true), get("/api/roots")]);
  if (!roots.length) {
    main.append(
      h("div", { class: "empty card" }, h("h2", {}, "No folders to translate"), h("p", {}, "The page sees only folders that the server was started with:"), h("pre", {}, "translate serve --root photos --root results")),
    );
    return null;
  }
  if (!all.length) {
    main.append(noStyles("for folders", "translate train --mode cycle"));
    return null;
  }
  const view = new JobsView(main, all, roots);
  await view.refresh();
  return { leave: () => view.leave() };
}

class JobsView {
  constructor(main, all, roots) {
    this.list = h("ul", { class: "cards wide" });
    this.sources = new Map();
    const input = folderPicker(roots, { label: "Pictures" });
    const output = folderPicker(roots, { label: "Translations", free: true });
    output.name.value = "translated";
    const masks = folderPicker(roots, { label: "Masks" });
    const masksField = h("fieldset", { class: "card section-open" }, h("legend", {}, "Masks, matched by name"), masks.node);
    let style = all[0];
    const showStyle = () => {
      masksField.hidden = !style.fills;
    };
    const choose = select(all.map((one) => [one.name, one.name]), style.name, (name) => {
      style = all.find((one) => one.name === name);
      showStyle();
    });
    const size = h("input", { type: "text", value: "keep", spellcheck: "false" });
    const format = select([["same", "As the originals"], ["png", "PNG"], ["jpg", "JPEG"], ["webp", "WebP"], ["tiff", "TIFF"]], "same");
    const existing = select([["skip", "Leave them"], ["overwrite", "Replace them"]], "skip");
    const problem = h("p", { class: "error-text", role: "alert" });
    showStyle();
    main.append(
      h("h1", { class: "title-row" }, "Folders"),
      h(
        "form",
        {
          class: "job-form",
          onsubmit: async (event) => {
            event.preventDefault();
            problem.textContent = "";
            try {
              await post("/api/jobs", {
                input: input.place(), output: output.place(), style: style.name, size: style.fills ? undefined : size.value, format: format.value, existing: existing.value,
                ...(style.fills && { masks: masks.place() }),
              });
              await this.refresh();
            } catch (error) {
              problem.textContent = error.message;
            }
          },
        },
        h("fieldset", { class: "card section-open" }, h("legend", {}, "Pictures"), input.node),
        h("fieldset", { class: "card section-open" }, h("legend", {}, "Translations go to"), output.node),
        masksField,
        h("div", { class: "card section-open grid two" }, field("Style", choose), field("Size", size, "keep, training, 256, 640x or short:480"), field("Save as", format), field("Translations that exist", existing)),
        problem,
        h("div", { class: "row end" }, button({ text: "Start", symbol: "play", kind: "primary", type: "submit" })),
      ),
      this.list,
    );
  }

  leave() {
    for (const source of this.sources.values()) source.close();
  }

  async refresh() {
    const jobs = await get("/api/jobs");
    this.list.replaceChildren(...jobs.map((job) => {
      const node = h("li", { class: "card job" });
      this.show(node, job);
      if (!isOver(job)) this.follow(node, job.id);
      return node;
    }));
  }

  follow(node, id) {
    this.sources.get(id)?.close();
    const source = new EventSource(`/api/jobs/${id}/events`);
    this.sources.set(id, source);
    source.addEventListener("progress", (event) => {
      const job = JSON.parse(event.data);
      this.show(node, job);
      if (isOver(job)) source.close();
    });
  }

  show(node, job) {
    const finished = job.done + job.skipped + job.failed;
    const name = (place) => [place.root, place.path].filter(Boolean).join("/");
    const states = { waiting: "Waiting", running: "Running", done: "Done", failed: "Failed", stopped: "Stopped" };
    node.replaceChildren(
      h("div", { class: "row between wrap" },
        h("div", {}, h("strong", {}, `${name(job.input)} → ${name(job.output)}`), " ", h("span", { class: "muted" }, `with ${job.style}`)),
        h("span", { class: `pill ${job.status}` }, states[job.status]),
      ),
      h("progress", { max: "1", value: job.total ? finished / job.total : 0, "aria-label": "Progress" }),
      h("div", { class: "row between wrap" },
        h("div", { class: "facts" },
          h("span", {}, `${finished.toLocaleString("en")} of ${job.total.toLocaleString("en")}`),
          job.skipped > 0 && h("span", {}, `${job.skipped} were there`),
          job.failed > 0 && h("span", { class: "error-text" }, `${job.failed} failed`),
          h("span", {}, duration(job.seconds)),
          job.seconds_left !== null && h("span", {}, `${duration(job.seconds_left)} left`),
        ),
        h("div", { class: "row" },
          finished > 0 && h("a", { class: "button", href: `/api/jobs/${job.id}/report`, download: "report.jsonl" }, icon("download"), "Report"),
          !isOver(job) && button({ text: "Stop", symbol: "stop", onclick: () => remove(`/api/jobs/${job.id}`).catch((error) => toast(error.message, "error")) }),
        ),
      ),
      job.error ? h("p", { class: "notice error" }, job.error) : "",
      job.failures.length
        ? h("details", {}, h("summary", {}, "Failures"), h("ul", { class: "failures" }, job.failures.map((failure) => h("li", {}, h("strong", {}, failure.file), ": ", failure.error))))
        : "",
    );
  }
}

function isOver(job) {
  return ["done", "failed", "stopped"].includes(job.status);
}
