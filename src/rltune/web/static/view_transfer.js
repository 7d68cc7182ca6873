// Do the proxies tell the truth about the target?

import { get } from "./api.js";
import { h, name } from "./dom.js";
import { percent, points } from "./format.js";
import { card, heading, missing } from "./parts.js";
import { plot } from "./plot.js";
import { table } from "./table.js";

export const transfer = {
  name: "transfer",
  parts: ["transfer"],
  title: () => "Transfer",

  load: (_, signal) => get("/api/transfer", {}, signal),

  render(data) {
    if (data.none) return [heading("From proxy to target"), card("Nothing to compare yet", "none", missing(data.none))];
    const { rank, verdict, figures = {}, pairs = [], check = {} } = data;
    return [
      heading("From proxy to target"),
      card("Verdict", "verdict",
        verdict ? h("p", { class: "verdict" }, name(verdict)) : null,
        rank ? h("div", { class: "cards" }, h("div", {}, h("b", {}, number(rank.spearman)), h("span", {}, "rank correlation (Spearman)")),
          h("div", {}, h("b", {}, `${number(rank.low)} to ${number(rank.high)}`), h("span", {}, "its interval")),
          h("div", {}, h("b", {}, String(rank.n)), h("span", {}, "configurations on both"))) : null,
        (data.notes ?? []).map((n) => h("p", {}, name(n)))),
      check.reason ? card("The check during the search", "check", h("p", {}, name(check.reason))) : null,
      figures.scatter ? card("Proxy against target", "scatter", plot(figures.scatter, "Proxy score against target score", { height: 440 })) : null,
      pairs.length ? card("Pairs", "pairs", table({ columns: COLUMNS, rows: pairs, keyOf: (p) => `${p.configuration}-${p.proxy}`, caption: "configurations on proxy and target", walk: false })) : null,
    ];
  },
};

const number = (x) => (typeof x === "number" ? x.toFixed(2) : "–");

const COLUMNS = [
  { key: "configuration", label: "Configuration", cell: (p) => name(p.configuration) },
  { key: "proxy", label: "Proxy", cell: (p) => [name(p.proxy ?? ""), p.proxy_steps ? `, step ${p.proxy_steps}` : ""] },
  { key: "proxy_score", label: "Score there", numeric: true, cell: (p) => percent(p.proxy_score) },
  { key: "target_score", label: "On the target", numeric: true, cell: (p) => h("b", {}, percent(p.target_score)) },
  { key: "difference", label: "Difference", numeric: true, cell: (p) => points(p.target_score - p.proxy_score) },
];
