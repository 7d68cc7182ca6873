// The configurations: how settings and scores go together, and which settings matter.

import { get } from "./api.js";
import { h, name } from "./dom.js";
import { count, percent, settings, value } from "./format.js";
import { card, heading, missing } from "./parts.js";
import { parallel } from "./parallel.js";
import { plot } from "./plot.js";
import { enqueue } from "./enqueue.js";
import { actButton } from "./steer.js";
import { filterField, pager, pageSize, sorter, table } from "./table.js";

const LIMIT = () => pageSize(50);

export const configurations = {
  name: "configurations",
  parts: ["configurations"],
  title: () => "Configurations",

  load: ({ query }, signal) => get("/api/configurations", { model: query.model }, signal),

  render(data, page) {
    const { query } = page.route;
    const { models = [], space = [], figures = {}, none = {} } = data;
    const model = query.model ?? data.model ?? bestKnown(data);
    return [
      heading("Configurations", h("span", { class: "soft num" }, count(data.total ?? data.table.length)), facetOf(models, model, page)),
      lines(data, space, model),
      importance(data),
      marginals(data),
      listed(data, space, page),
    ];
  },
};

/** The model on which most configurations have a score. */
function bestKnown({ models = [], table: rows }) {
  const known = (m) => rows.filter((r) => typeof r.best?.[m] === "number").length;
  return models.toSorted((a, b) => known(b) - known(a))[0] ?? "";
}

const facetOf = (models, model, page) =>
  models.length > 1
    ? h("label", {}, h("span", { class: "soft" }, "scores on "), h("select", { "aria-label": "Model", onchange: (e) => page.go({ model: models[e.target.selectedIndex] }) },
      models.map((m) => h("option", { selected: m === model, value: m }, m))))
    : null;

let last = { data: null, model: null, figure: null };

function lines(data, space, model) {
  if (last.data !== data || last.model !== model) {
    const rows = data.table.filter((r) => typeof r.best?.[model] === "number").map((r) => ({ ...r, score: r.best[model] }));
    last = { data, model, figure: parallel(space, rows) };
  }
  return card("Settings against scores", "parallel", last.figure
    ? plot(last.figure, `Parallel coordinates of configurations on ${model}`, { key: "parallel" }) : missing("No configuration has a score yet."));
}

function importance({ figures = {}, none = {}, verdict, basis, importance_state: state }) {
  const found = figures.importance;
  if (!found) return card("Importance", "importance", missing(told(state, none.importance, "Too few evaluations yet to tell which settings matter.")));
  return card("Importance", "importance", verdict ? h("p", {}, name(verdict)) : null, plot(found, "Importance of each hyperparameter"),
    basis ? h("p", { class: "fine" }, name(basis)) : null);
}

const told = (state, why, otherwise) =>
  state === "computing" ? "It is being computed; this takes up to a minute." : sentence(why) || otherwise;
const sentence = (why) => (why ? `${why[0].toUpperCase()}${why.slice(1)}.`.replace("..", ".") : "");

function marginals({ figures = {}, none = {}, importance_state: state }) {
  const found = figures.marginals;
  if (!found?.length) return card("Along each setting", "marginals", missing(told(state, none.marginals, "Too few evaluations yet.")));
  return card("Along each setting", "marginals", h("div", { class: "panels" },
    found.map((f) => h("div", { key: f.name }, h("h3", {}, name(f.name)), plot(f, `score along ${f.name}`, { key: f.name })))));
}

function listed({ table: all, models = [], total = all.length }, space, page) {
  const { query } = page.route;
  const sort = { key: query.sort ?? `on ${models.at(-1) ?? ""}`, desc: (query.desc ?? "1") === "1" };
  const onsort = (key) => page.go({ sort: key, desc: key === sort.key && sort.desc ? "0" : "1", offset: "" });
  const refused = page.session?.can_steer === false ? page.session.why_not || "this page may only look" : null;
  const columns = [
    { key: "configuration", label: "Configuration", cell: (r) => [name(r.configuration), r.role ? [" ", h("mark", {}, r.role)] : null], of: (r) => r.configuration, sortable: true },
    ...models.map((m) => ({ key: `on ${m}`, label: m, numeric: true, sortable: true, of: (r) => r.best?.[m], cell: (r) => h("b", {}, percent(r.best?.[m])) })),
    { key: "runs", label: "Runs", numeric: true, sortable: true, of: (r) => amount(r.runs), cell: (r) => String(amount(r.runs)) },
    { key: "settings", label: "Settings", class: "narrow-only", cell: (r) => name(settings(r.values)) },
    ...space.map((p) => ({ key: `: ${p.name}`, label: p.name, numeric: !p.choices, sortable: true, wide: true, of: (r) => r.values[p.name], cell: (r) => name(value(r.values[p.name])) })),
    { key: "act", label: "", cell: (r) => actButton("Try…", refused, () => enqueue(r.values), { title: "try this configuration again, or one like it" }) },
  ];
  const found = sorted(filtered(all, query.q), columns.find((c) => c.key === sort.key), sort.desc);
  const offset = Math.min(Number(query.offset ?? 0), Math.max(0, found.length - 1));
  return h("section", { class: "card", key: "table", "aria-label": "all configurations" },
    h("div", { class: "filters" }, filterField(query.q ?? "", (q) => page.go({ q, offset: "" }), "Filter configurations by id or setting"), sorter(columns, sort, onsort)),
    found.length
      ? table({ columns, rows: found.slice(offset, offset + LIMIT()), keyOf: (r) => r.configuration, sort, onsort, caption: "configurations and their best scores", marked: (r) => r.role ?? "" })
      : missing(all.length ? "No configuration matches the filter." : "No configuration has been tried yet."),
    total > all.length ? h("p", { class: "fine" }, `${count(all.length)} of ${count(total)} are listed: the best, and an even choice of the others.`) : null,
    pager(offset, LIMIT(), found.length, (to) => page.go({ offset: String(to || "") })));
}

const amount = (runs) => (Array.isArray(runs) ? runs.length : runs ?? 0);

function filtered(rows, query) {
  const words = (query ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return rows;
  return rows.filter((r) => {
    const text = `${r.configuration} ${r.role ?? ""} ${settings(r.values)}`.toLowerCase();
    return words.every((w) => text.includes(w));
  });
}

function sorted(rows, column, desc) {
  if (!column?.of) return rows;
  // What has no value stands at the end, whichever way.
  const order = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b)));
  return rows.toSorted((a, b) => {
    const [x, y] = [column.of(a) ?? null, column.of(b) ?? null];
    if (x === null || y === null) return (x === null) - (y === null);
    return desc ? order(y, x) : order(x, y);
  });
}
