// What became of an act, in a corner of the page, and said aloud by screen readers.

import { h } from "./dom.js";

const STAYS = 12_000;

/** Says something without showing it. */
export function say(text) {
  const place = document.getElementById("said");
  place.textContent = place.textContent === text ? `${text}\u00a0` : text;
}

/** A notice; call the result with another text and kind ("waiting", "done", "refused") to change it. */
export function notice(text, kind) {
  const words = h("span", {});
  const box = h("div", { class: "notice" }, words,
    h("button", { type: "button", class: "quiet", "aria-label": "Dismiss", onclick: () => box.remove() }, "×"));
  let timer = 0;
  const show = (now, how) => {
    words.textContent = now;
    box.dataset.kind = how;
    clearTimeout(timer);
    if (how !== "waiting") timer = setTimeout(() => box.remove(), STAYS);
  };
  show(text, kind);
  document.getElementById("notices").append(box);
  return show;
}
