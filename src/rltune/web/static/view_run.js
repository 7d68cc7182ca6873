// One run: its curves, how it ended, what it is made of, what it left behind.

import { get } from "./api.js";
import { h, name } from "./dom.js";
import { bytes, count, percent, seconds, value } from "./format.js";
import { ago, badge, card, heading, missing, number, runLink, stopText, unfold, values } from "./parts.js";
import { plot } from "./plot.js";
import { enqueue } from "./enqueue.js";
import { actButton, extendRun, pin, stopRun } from "./steer.js";
import { table } from "./table.js";

export const run = {
  name: "run",
  parts: ["run"],
  title: ({ id }) => `Run ${id}`,

  load: ({ id }, signal) => get(`/api/run/${encodeURIComponent(id)}`, {}, signal),

  render(data, page) {
    const found = data.run;
    return [
      heading(`Run ${found.number}`, badge(found.state), badge(found.phase), h("a", { href: "#/runs" }, "all runs")),
      about(data, page),
      curves(data),
      segments(data),
      checkpoints(data, page),
      scores(data),
      decisions(data),
      log(data),
      siblings(data),
    ];
  },
};

function about(data, page) {
  const { run: found, actions = {}, forecast } = data;
  const why = (kind) => (page.session?.can_steer === false ? page.session.why_not || "this page may only look" : actions[kind] ?? null);
  return card("The run", "about",
    h("p", {}, "Configuration ", h("b", {}, name(found.configuration)), " on ", h("b", {}, name(found.model)), found.seed === undefined ? "" : `, seed ${found.seed}`),
    values(found.values),
    h("div", { class: "cards" },
      number(percent(found.score), "validation score"), number(`${found.steps}`, found.rung && found.rung !== found.steps ? `steps of ${found.rung}` : "steps"),
      number(seconds(found.seconds), "of trials"), found.gpu_seconds ? number(seconds(found.gpu_seconds), "of GPUs") : null),
    found.stop ? h("p", {}, "Ended by ", stopText(found.stop), found.stop.step ? `, at step ${found.stop.step}` : "") : null,
    forecast ? h("p", {}, "Forecast: ", name(forecast.text ?? forecastText(forecast))) : null,
    h("p", { class: "actions" },
      actButton("Stop…", why("stop_run"), () => stopRun(found), { kind: "danger" }),
      actButton("Extend…", why("extend_run"), () => extendRun(found, data.rungs ?? [])),
      actButton("Try this configuration again…", page.session?.can_steer === false ? page.session.why_not || "this page may only look" : null, () => enqueue(found.values))));
}

function forecastText(found) {
  const at = found.expected;
  const range = typeof found.low === "number" ? ` (${value(found.low)} to ${value(found.high)})` : "";
  return `${found.metric ?? "reward"} ${value(at)}${range} at the end of a full run`;
}

function curves({ figures = {}, metrics = Object.keys(figures) }) {
  const shown = metrics.filter((m) => figures[m]);
  if (!shown.length) return card("Metrics", "curves", missing("No step has been reported yet."));
  const [first, ...others] = shown;
  return card("Metrics", "curves",
    h("h3", {}, name(first)), plot(figures[first], first, { height: 340 }),
    h("div", { class: "panels", key: "panels" }, others.map((m) => h("div", { key: m }, h("h3", {}, name(m)), plot(figures[m], m, { height: 190, small: true })))));
}

function segments({ segments: found = [] }) {
  if (!found.length) return card("Segments", "segments", missing("Nothing was trained yet."));
  const columns = [
    { key: "steps", label: "Steps", numeric: true, cell: (s) => `${s.from_step} to ${s.reached ?? s.to_step}` },
    { key: "phase", label: "Phase", cell: (s) => s.phase },
    { key: "state", label: "State", cell: (s) => badge(s.state) },
    { key: "seconds", label: "Seconds", numeric: true, cell: (s) => seconds(s.seconds) },
    { key: "retrained", label: "Trained again", numeric: true, cell: (s) => (s.retrained ? `${s.retrained} steps` : "–") },
    { key: "started", label: "Started", cell: (s) => ago(s.started) },
    { key: "worker", label: "Where", cell: (s) => name(s.worker ?? "–", { class: "short" }) },
    { key: "stop", label: "Ended by", class: "reason", cell: (s) => stopText(s.stop) ?? "–" },
    { key: "reason", label: "Asked for because", class: "reason", cell: (s) => name(s.reason ?? "–") },
  ];
  return card("Segments", "segments", table({ columns, rows: found, keyOf: (s) => String(s.id), caption: "segments of the run", walk: false }));
}

function checkpoints({ checkpoints: found = [], run: of, actions = {} }, page) {
  if (!found.length) return card("Checkpoints", "checkpoints", missing("None is kept."));
  const why = page.session?.can_steer === false ? page.session.why_not || "this page may only look" : actions.pin ?? null;
  const columns = [
    { key: "step", label: "Step", numeric: true, cell: (c) => String(c.step) },
    { key: "bytes", label: "Size", numeric: true, cell: (c) => bytes(c.bytes) },
    { key: "state", label: "State", cell: (c) => [badge(c.state), c.tier ? [" ", name(c.tier)] : null] },
    { key: "path", label: "Where, in the study", class: "reason", cell: (c) => name(c.path, { class: "mono" }) },
    { key: "pin", label: "Pinned", cell: (c) => (c.state === "deleted" ? "–" : actButton(c.pinned ? "Unpin" : "Pin", why, () => pin(of, c.step, !c.pinned), { kind: c.pinned ? "on" : "" })) },
  ];
  return card("Checkpoints", "checkpoints", table({ columns, rows: found, keyOf: (c) => String(c.step), caption: "checkpoints of the run", walk: false }));
}

function scores({ scores: found = [] }) {
  if (!found.length) return null;
  const rows = found.map((s) => h("tr", {}, h("td", { class: "n" }, String(s.step)), h("td", {}, name(s.split ?? "validation")), h("td", {}, measures(s.values ?? { mean: s.score ?? s.mean }))));
  return card("Scores", "scores", h("div", { class: "wide" }, h("table", {}, h("thead", {}, h("tr", {}, ["Step", "Split", "Values"].map((t) => h("th", { scope: "col", class: t === "Step" ? "n" : "" }, t)))), h("tbody", {}, rows))));
}

const measures = (found) => Object.entries(found).map(([k, v], i) => [i ? ", " : "", name(k, { class: "soft" }), " ", h("b", { class: "num" }, value(v))]);

function decisions({ decisions: found = [] }) {
  if (!found.length) return card("Decisions", "decisions", missing("The ledger has nothing about this run."));
  return card("Decisions", "decisions", h("ul", { class: "lines", tabindex: "0", "aria-label": `${count(found.length)} decisions` },
    found.map((d, i) => h("li", { key: `${d.time}-${i}` }, h("span", { class: "soft num" }, ago(d.time)), " ", badge(d.kind), " ", name(d.reason ?? ""), unfold("values", d.values, "values")))));
}

function log({ log_tail: text }) {
  if (!text) return card("Log", "log", missing("Nothing is kept of a healthy run's log in the store; it lies in the run's folder."));
  return card("Log", "log", h("pre", { class: "log", tabindex: "0", dir: "ltr", "aria-label": "end of the log" }, text));
}

function siblings({ siblings: found = [] }) {
  if (!found.length) return null;
  return card("The same configuration elsewhere", "siblings", h("ul", { class: "lines" },
    found.map((r) => h("li", { key: r.run }, runLink(r), " on ", name(r.model), ` to step ${r.steps}: `, h("b", {}, percent(r.score)), " ", badge(r.state)))));
}
