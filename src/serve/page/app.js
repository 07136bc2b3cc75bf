// The page: views, theme, token.

import { get, onTokenWanted, post } from "./api.js";
import { field, h, toast } from "./dom.js";

const VIEWS = [
  ["try", "Try", "./try.js"],
  ["fill", "Fill", "./fill.js"],
  ["labels", "Labels", "./labels.js"],
  ["training", "Training", "./training.js"],
  ["jobs", "Folders", "./jobs.js"],
];
const HIDDEN = [["api", "API", "./api_view.js"]];

const main = document.getElementById("main");
let current = null;
let shown = null;

/** Shows the view that the address names: #/name/rest. */
async function show() {
  const [name, ...rest] = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  const view = [...VIEWS, ...HIDDEN].find(([key]) => key === name) ?? VIEWS[0];
  for (const link of document.querySelectorAll("#nav a")) {
    if (link.dataset.view === view[0]) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${view[1]} · translate`;
  const asked = (shown = Symbol(view[0]));
  try {
    const module = await import(view[2]);
    // A view that is ready when another one is wanted is never seen.
    const host = h("div", {});
    const entered = await module.enter(host, rest);
    if (shown !== asked) {
      entered?.leave?.();
      return;
    }
    current?.leave?.();
    current = entered ?? null;
    main.replaceChildren(host);
    main.dataset.view = view[0];
  } catch (error) {
    if (shown !== asked) return;
    current?.leave?.();
    current = null;
    main.replaceChildren(h("p", { class: "notice error", role: "alert" }, error.message));
  }
}

function theme() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const set = (value) => {
    document.documentElement.dataset.theme = value;
    document.dispatchEvent(new CustomEvent("theme"));
  };
  let chosen = null;
  try {
    chosen = localStorage.getItem("theme");
  } catch {
    // Without storage the system's theme is taken.
  }
  set(chosen ?? (dark.matches ? "dark" : "light"));
  dark.addEventListener("change", () => chosen ?? set(dark.matches ? "dark" : "light"));
  document.getElementById("theme").addEventListener("click", () => {
    chosen = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    set(chosen);
    try {
      localStorage.setItem("theme", chosen);
    } catch {
      // It holds until the page is closed.
    }
  });
}

let asking = null;

/** Asks for the token until it is right. */
function askToken() {
  asking ??= new Promise((resolve) => {
    const input = h("input", { type: "password", autocomplete: "current-password", required: true });
    const problem = h("p", { class: "error-text", role: "alert" });
    const dialog = h(
      "dialog",
      { class: "dialog", "aria-label": "Token" },
      h(
        "form",
        {
          method: "dialog",
          onsubmit: async (event) => {
            event.preventDefault();
            try {
              await post("/api/session", { token: input.value.trim() });
              dialog.close();
              dialog.remove();
              asking = null;
              resolve();
            } catch (error) {
              problem.textContent = error.message;
            }
          },
        },
        h("h2", {}, "This server wants a token"),
        h("p", {}, "It was printed in the terminal when the server started."),
        field("Token", input),
        problem,
        h("div", { class: "row end" }, h("button", { class: "primary", type: "submit" }, "Go on")),
      ),
    );
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    document.body.append(dialog);
    dialog.showModal();
  });
  return asking;
}

/** Takes a token out of the address, where it came with the link. */
async function tokenOfAddress() {
  const match = /^#token=([\w-]+)$/.exec(location.hash);
  if (!match) return;
  history.replaceState(null, "", "/");
  try {
    await post("/api/session", { token: match[1] });
  } catch (error) {
    toast(error.message, "error");
  }
}

async function start() {
  theme();
  onTokenWanted(askToken);
  const nav = document.getElementById("nav");
  nav.append(...VIEWS.map(([key, text]) => h("a", { href: `#/${key}`, "data-view": key }, text)));
  await tokenOfAddress();
  addEventListener("hashchange", show);
  await show();
  const status = await get("/api/status");
  document.getElementById("device").textContent = `Computing on ${status.device}`;
}

start();
