// Pieces that several views are made of.

import { now } from "./api.js";
import { h, name } from "./dom.js";
import { moment, passed, value, word } from "./format.js";

/** A view's heading, with what stands beside it. */
export const heading = (text, ...beside) =>
  h("div", { class: "heading", key: "heading" }, h("h1", { tabindex: "-1", "data-heading": true }, text), beside);

/** A card with a title. */
export const card = (title, key, ...content) =>
  h("section", { class: "card", key, "aria-label": title }, h("h2", {}, title), content);

/** Says what isn't there yet, and why. */
export const missing = (text) => h("p", { class: "missing" }, text);

/** A key number with its label. */
export const number = (text, label, title = null) => h("div", { title }, h("b", {}, text), h("span", {}, label));

const KINDS = {
  running: "run", done: "good", finished: "good", reached: "good", ended: "", failed: "bad", crashed: "bad", diverged: "bad",
  refused: "bad", interrupted: "warn", waiting: "warn", paused: "warn", rule: "stop", stopped: "stop", futile: "stop", plateau: "stop",
  out_of_memory: "bad", lost: "warn", warning: "warn", error: "bad", winner: "good",
};

/** The colour of a state, as a class. */
export const stateKind = (text) => KINDS[text] ?? "";

/** A state in a word, with its colour. */
export const badge = (text) => h("span", { class: `badge ${stateKind(text)}` }, name(word(text)));

/** A link to a run. */
export const runLink = (run, text = `run ${run.number}`) =>
  h("a", { href: `#/run/${encodeURIComponent(run.run)}` }, text);

/** A moment, as long ago as it is now; the exact time when pointed at. */
export function ago(unix) {
  if (typeof unix !== "number") return "–";
  const since = Math.max(0, now() - unix);
  const text = since < 86400 ? passed(since) : moment(unix);
  return h("time", { datetime: new Date(unix * 1000).toISOString(), title: moment(unix) }, text);
}

/** Why a run ended: the rule or kind, and the reason in words. */
export function stopText(stop) {
  if (!stop) return null;
  return [badge(stop.kind), " ", stop.rule ? [name(stop.rule), ": "] : null, name(stop.reason ?? "")];
}

/** A configuration's values as small labelled pieces. */
export const values = (found) =>
  h("ul", { class: "values" }, Object.entries(found ?? {}).map(([k, v]) =>
    h("li", {}, name(k, { class: "soft" }), " ", name(value(v), { class: "num" }))));

/** A curve, small, without axes. `points`: [[x, y], …]; the x-axis goes to `end`. */
export function spark(points, end, label) {
  const width = 120;
  const height = 28;
  const known = (points ?? []).filter(([, y]) => typeof y === "number");
  if (known.length < 2) return h("span", { class: "spark" });
  const ys = known.map(([, y]) => y);
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const x = (at) => ((at / Math.max(end || 1, known.at(-1)[0])) * (width - 4) + 2).toFixed(1);
  const y = (at) => (height - 3 - ((at - low) / (high - low || 1)) * (height - 6)).toFixed(1);
  return h("svg", { class: "spark", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label },
    h("polyline", { points: known.map(([a, b]) => `${x(a)},${y(b)}`).join(" ") }),
    h("circle", { cx: x(known.at(-1)[0]), cy: y(known.at(-1)[1]), r: 2.2 }));
}

/** A thing that may be long, folded. Values are shown as they are recorded. */
export function unfold(title, found, key) {
  const entries = Object.entries(found ?? {});
  if (!entries.length) return null;
  return h("details", { key }, h("summary", {}, title), h("pre", { dir: "ltr" }, JSON.stringify(found, null, 1)));
}

/** An error in a view's place. */
export function failure(error, retry) {
  const locked = error.status === 401;
  return h("section", { class: "card failure", key: "failure", role: "alert" },
    h("h1", { tabindex: "-1", "data-heading": true }, locked ? "This page needs its token" : error.status === 404 ? "Not found" : "This can't be shown now"),
    h("p", {}, locked ? "Open the address, with its token, that rltune dashboard printed." : name(error.message)),
    error.where ? h("p", { class: "fine" }, name(error.where)) : null,
    error.hint && !locked ? h("p", {}, name(error.hint)) : null,
    h("p", { class: "actions" }, h("button", { type: "button", onclick: retry }, "Try again"), h("a", { href: "#/" }, "To the overview")));
}

/** What stands there until the first answer has come. */
export const loading = () =>
  h("div", { class: "loading", key: "loading", role: "status" }, h("span", { class: "hidden" }, "loading"),
    h("div", { class: "card ghost" }), h("div", { class: "card ghost tall" }));
