// Light, dark, or what the system prefers; kept in this browser.

import { redraw } from "./plot.js";

const KEY = "rltune-theme";
const NEXT = { auto: "light", light: "dark", dark: "auto" };
const LABEL = { auto: "Auto", light: "Light", dark: "Dark" };

const chosen = () => document.documentElement.dataset.theme ?? "auto";

export function setUpTheme(button) {
  const say = () => {
    button.textContent = LABEL[chosen()];
    button.setAttribute("aria-label", `Colours: ${LABEL[chosen()].toLowerCase()}; change to ${LABEL[NEXT[chosen()]].toLowerCase()}`);
  };
  button.addEventListener("click", () => {
    const next = NEXT[chosen()];
    if (next === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    try {
      if (next === "auto") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, next);
    } catch { /* no storage: it holds until the page is closed */ }
    say();
    redraw();
  });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  say();
}
