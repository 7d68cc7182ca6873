// The keyboard: every view, the filter and the tables without a mouse.

import { h } from "./dom.js";
import { openDialog } from "./dialog.js";

const VIEWS = { o: "#/", r: "#/runs", c: "#/configurations", t: "#/transfer", l: "#/ledger" };
const NUMBERS = Object.values(VIEWS);
const OFF = "rltune-keys-off";
const PATIENCE = 1500; // milliseconds between g and the letter

const HELP = [
  ["g o, g r, g c, g t, g l", "overview, runs, configurations, transfer, ledger"],
  ["1 to 5", "the same, in this order"],
  ["/", "to the filter"],
  ["↓ ↑, Home, End", "from row to row in a table"],
  ["Enter", "open the row's run"],
  ["Space", "select the row, to lay its curve over others"],
  ["Esc", "leave the filter, close a dialog"],
  ["d", "light, dark or the system's colours"],
  ["?", "this help"],
];

export function setUpKeys({ help, theme }) {
  let waiting = 0; // since when `g` was pressed
  help.addEventListener("click", showHelp);
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]")) return;
    if (inText(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (inTable(event)) return event.preventDefault();
    if (isOff()) return;
    const second = Date.now() - waiting < PATIENCE;
    waiting = event.key === "g" ? Date.now() : 0;
    if (second && VIEWS[event.key]) location.hash = VIEWS[event.key];
    else if (NUMBERS[event.key - 1]) location.hash = NUMBERS[event.key - 1];
    else if (event.key === "/") document.querySelector("[data-filter]")?.focus();
    else if (event.key === "?") showHelp();
    else if (event.key === "d") theme.click();
    else return;
    event.preventDefault();
  });
}

const inText = (node) => node.matches("textarea, select, input:not([type=checkbox])");
const isOff = () => {
  try {
    return localStorage.getItem(OFF) === "1";
  } catch {
    return false;
  }
};

/** Arrows and the like in the row that has the focus, or into the first one. Whether the key was used. */
function inTable(event) {
  const row = event.target.closest("[data-row]");
  const down = event.key === "ArrowDown" || event.key === "j";
  if (!row) return false;
  const rows = [...row.parentElement.querySelectorAll(":scope > [data-row]")];
  const at = rows.indexOf(row);
  const move = { ArrowUp: at - 1, k: at - 1, Home: 0, End: rows.length - 1 }[event.key] ?? (down ? at + 1 : null);
  if (move !== null) rows[Math.max(0, Math.min(rows.length - 1, move))].focus();
  else if (event.target !== row) return false; // a link or a button in the row: its own keys
  else if (event.key === "Enter") row.querySelector("a")?.click();
  else if (event.key === " ") row.querySelector("input[type=checkbox]")?.click();
  else return false;
  return true;
}

function showHelp() {
  const rows = HELP.map(([key, what]) => h("tr", {}, h("th", { scope: "row" }, h("kbd", {}, key)), h("td", {}, what)));
  const toggle = h("input", { type: "checkbox", checked: !isOff() });
  toggle.addEventListener("change", () => {
    try {
      localStorage.setItem(OFF, toggle.checked ? "0" : "1");
    } catch { /* no storage: nothing to keep */ }
  });
  openDialog("Keyboard", [
    h("table", { class: "keys" }, h("tbody", {}, rows)),
    h("p", {}, h("label", { class: "check" }, toggle, " single letters and numbers are shortcuts")),
    h("p", { class: "fine" }, "The page follows the study by itself; nothing needs to be reloaded."),
  ]);
}
