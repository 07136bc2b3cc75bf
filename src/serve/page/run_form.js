// The form for a new training, made of the recipes' documentation.

import { button, field, h, select } from "./dom.js";
import { folderPicker } from "./folder_picker.js";

const SECTIONS = { data: "Data", generator: "Generator", discriminator: "Discriminator", encoder: "Encoder", loss: "Losses", optim: "Optimiser", train: "Run" };
/** What has a field of its own, or belongs to runs that go on. */
const ELSEWHERE = ["data.root", "optim.extensions"];
/** What most people change. */
const COMMON = ["data.direction", "optim.epochs", "optim.decay_epochs", "train.max_steps", "train.preview_every", "data.crop_size"];

export function runForm(recipes, roots, start) {
  const state = { recipe: recipes.find((one) => one.name === "cycle-small") ?? recipes[0], settings: new Map() };
  const name = h("input", { type: "text", required: true, spellcheck: "false", autocomplete: "off", pattern: "[\\p{L}\\p{N}][\\p{L}\\p{N}\\-_. ]*" });
  const recipe = select(recipes.map((one) => [one.name, one.name]), state.recipe.name, (value) => {
    state.recipe = recipes.find((one) => one.name === value);
    state.settings.clear();
    showKeys();
  });
  const summary = h("p", { class: "muted" });
  const common = h("div", { class: "grid three" });
  const sections = h("div", { class: "stack" });
  const problem = h("p", { class: "error-text", role: "alert" });
  const sample = h("input", { type: "radio", name: "data", checked: true, onchange: () => showData() });
  const own = h("input", { type: "radio", name: "data", disabled: !roots.length, onchange: () => showData() });
  const folder = roots.length ? folderPicker(roots, { label: "Folder of the data set" }) : null;
  const showData = () => {
    if (folder) folder.node.hidden = !own.checked;
  };
  const showKeys = () => {
    summary.textContent = `${state.recipe.summary}.`;
    const keys = state.recipe.keys.filter((one) => !ELSEWHERE.includes(one.key));
    common.replaceChildren(...COMMON.map((key) => keys.find((one) => one.key === key)).filter(Boolean).map(control));
    const rest = keys.filter((one) => !COMMON.includes(one.key));
    sections.replaceChildren(
      ...Object.entries(SECTIONS).map(([section, title]) => {
        const own = rest.filter((one) => one.key.startsWith(`${section}.`));
        return own.length ? h("details", { class: "card section" }, h("summary", {}, title), h("div", { class: "grid three" }, own.map(control))) : "";
      }),
    );
  };
  const control = (key) => {
    const set = (value) => {
      if (JSON.stringify(value) === JSON.stringify(key.value)) state.settings.delete(key.key);
      else state.settings.set(key.key, value);
    };
    let node;
    if (key.kind === "boolean") node = select([["true", "yes"], ["false", "no"]], String(key.value), (value) => set(value === "true"));
    else if (key.choices.length) node = select(key.choices, key.value, set);
    else {
      const text = key.kind === "list" ? JSON.stringify(key.value) : key.value;
      const number = key.kind === "integer" || key.kind === "number";
      node = h("input", { type: number ? "number" : "text", step: key.kind === "integer" ? "1" : "any", value: text, spellcheck: "false" });
      node.addEventListener("change", () => {
        node.setCustomValidity("");
        if (number) {
          if (node.value !== "") set(Number(node.value));
        } else if (key.kind === "list") {
          try {
            set(JSON.parse(node.value));
          } catch {
            node.setCustomValidity('Write a list, such as ["color"]');
          }
        } else set(node.value);
      });
    }
    return field(key.key.split(".")[1].replaceAll("_", " "), node, key.about);
  };
  const submit = button({ text: "Start", symbol: "play", kind: "primary", type: "submit" });
  const form = h(
    "form",
    {
      class: "run-form",
      onsubmit: async (event) => {
        event.preventDefault();
        problem.textContent = "";
        submit.disabled = true;
        try {
          const data = own.checked && folder ? folder.place() : null;
          await start({ name: name.value.trim(), recipe: state.recipe.name, settings: Object.fromEntries(state.settings), ...(data && { data }) });
        } catch (error) {
          problem.textContent = error.message;
        }
        submit.disabled = false;
      },
    },
    h("div", { class: "card section-open grid two" }, field("Name of the new style", name), h("div", {}, field("Recipe", recipe), summary)),
    h(
      "fieldset",
      { class: "card section-open" },
      h("legend", {}, "Pictures"),
      h("label", { class: "check" }, sample, "The sample in the program"),
      h("label", { class: "check" }, own, "A folder"),
      roots.length ? folder.node : h("p", { class: "hint" }, "To train on your own pictures, start the server with ", h("code", {}, "--root FOLDER"), "."),
    ),
    h("div", { class: "card section-open" }, common),
    sections,
    problem,
    h("div", { class: "row end" }, submit),
  );
  showData();
  showKeys();
  return form;
}
