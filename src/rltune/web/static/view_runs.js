// All runs: a table that the server sorts, filters and cuts into pages; curves of the selected ones over each other.

import { get } from "./api.js";
import { h, name } from "./dom.js";
import { count, percent, seconds, settings, value } from "./format.js";
import { badge, card, heading, missing, runLink, stopText } from "./parts.js";
import { plot } from "./plot.js";
import { facet, filterField, pager, pageSize, sorter, table } from "./table.js";

const LIMIT = () => pageSize(50);
const MOST_CURVES = 20;
const FACETS = [["model", "Model"], ["phase", "Phase"], ["state", "State"], ["stop", "Stop"]];

const chosen = (query) => (query.overlay ? query.overlay.split(",") : []);
const sorting = (query) => ({ key: query.sort ?? "number", desc: (query.desc ?? "1") === "1" });

export const runs = {
  name: "runs",
  parts: ["runs", "curves"],
  title: () => "Runs",

  async load({ query }, signal) {
    const { key, desc } = sorting(query);
    const asked = {
      sort: key, desc: desc ? 1 : 0, q: query.q, model: query.model, phase: query.phase, state: query.state, stop: query.stop,
      offset: query.offset ?? 0, limit: LIMIT(),
    };
    const picked = chosen(query);
    const [list, curves] = await Promise.all([
      get("/api/runs", asked, signal),
      picked.length ? get("/api/curves", { runs: picked.join(","), metric: query.metric ?? "reward" }, signal) : null,
    ]);
    return { list, curves };
  },

  render({ list, curves }, page) {
    const { query } = page.route;
    const picked = chosen(query);
    const select = {
      has: (run) => picked.includes(run),
      label: (row) => `run ${row.number}`,
      toggle: (run) => page.go({ overlay: next(picked, run).join(",") }),
    };
    const sort = sorting(query);
    const onsort = (key) => page.go({ sort: key, desc: key === sort.key && sort.desc ? "0" : "1", offset: "" });
    const columns = columnsOf(list.columns ?? [], list.rows);
    return [
      heading("Runs", h("span", { class: "soft num" }, list.matching === list.total ? count(list.total) : `${count(list.matching)} of ${count(list.total)}`)),
      overlay(curves, picked, page),
      h("section", { class: "card", key: "table", "aria-label": "all runs" },
        h("div", { class: "filters" },
          filterField(query.q ?? "", (q) => page.go({ q, offset: "" }), "Filter runs by configuration, model, reason"),
          FACETS.map(([key, label]) => facet(label, list.facets?.[key], query[key], (to) => page.go({ [key]: to, offset: "" }))),
          sorter(columns, sort, onsort)),
        list.rows.length
          ? table({ columns, rows: list.rows, keyOf: (r) => r.run, sort, onsort, select, caption: "runs; Enter opens one, Space selects it", marked: (r) => r.state })
          : missing(list.total ? "No run matches the filter." : "No run has started yet."),
        pager(Number(query.offset ?? 0), LIMIT(), list.matching, (offset) => page.go({ offset: String(offset || "") }))),
    ];
  },
};

const next = (picked, run) => (picked.includes(run) ? picked.filter((r) => r !== run) : [...picked, run].slice(-MOST_CURVES));

function overlay(curves, picked, page) {
  if (!picked.length) return h("p", { class: "fine", key: "overlay" }, "Select runs to lay their curves over each other.");
  const metrics = curves?.metrics ?? [];
  return h("section", { class: "card", key: "overlay-card", "aria-label": "curves of the selected runs" },
    h("div", { class: "heading" }, h("h2", {}, `Curves of ${picked.length} run${picked.length > 1 ? "s" : ""}`),
      h("label", {}, h("span", { class: "hidden" }, "Metric"), h("select", { "aria-label": "Metric", onchange: (e) => page.go({ metric: metrics[e.target.selectedIndex] }) },
        metrics.map((m) => h("option", { selected: m === curves.metric, value: m }, m)))),
      h("button", { type: "button", onclick: () => page.go({ overlay: "" }) }, "Clear")),
    curves?.figure ? plot(curves.figure, `${curves.metric} of ${picked.length} runs`, { height: 380, key: "curves" }) : missing("These runs have no such curve."));
}

function columnsOf(names, rows) {
  return [
    { key: "number", label: "Run", numeric: true, sortable: true, cell: (r) => runLink(r, String(r.number)) },
    { key: "configuration", label: "Configuration", cell: (r) => name(r.configuration, { title: settings(r.values), class: "short" }) },
    { key: "model", label: "Model", sortable: true, cell: (r) => name(r.model, { class: "short" }) },
    { key: "phase", label: "Phase", sortable: true, cell: (r) => r.phase },
    { key: "steps", label: "Steps", numeric: true, sortable: true, cell: (r) => (r.rung && r.rung !== r.steps ? `${r.steps} of ${r.rung}` : String(r.steps)) },
    { key: "score", label: "Score", numeric: true, sortable: true, cell: (r) => h("b", {}, percent(r.score)) },
    { key: "seconds", label: "Cost", numeric: true, sortable: true, cell: (r) => seconds(r.seconds) },
    { key: "state", label: "State", sortable: true, cell: (r) => badge(r.state) },
    { key: "stop", label: "Ended by", class: "reason", cell: (r) => (r.stop && r.stop.kind !== "reached" ? stopText(r.stop) : "–") },
    { key: "settings", label: "Settings", class: "narrow-only", cell: (r) => name(settings(r.values)) },
    ...names.map((n) => ({ key: n, label: n, numeric: rows.some((r) => typeof r.values?.[n] === "number"), sortable: true, wide: true, cell: (r) => name(value(r.values?.[n]), { class: "short" }) })),
  ];
}
