// The ledger: each proposal, promotion, stop, deletion and act of steering, with its values and its reason.

import { get } from "./api.js";
import { h, name } from "./dom.js";
import { count } from "./format.js";
import { ago, badge, heading, missing, unfold } from "./parts.js";
import { facet, filterField, pager, pageSize, table } from "./table.js";

const LIMIT = () => pageSize(100);

export const ledger = {
  name: "ledger",
  parts: ["ledger"],
  title: () => "Ledger",

  load: ({ query }, signal) => get("/api/ledger", { kind: query.kind, q: query.q, offset: query.offset ?? 0, limit: LIMIT() }, signal),

  render(data, page) {
    const { query } = page.route;
    return [
      heading("Ledger", h("span", { class: "soft num" }, data.matching === data.total ? count(data.total) : `${count(data.matching)} of ${count(data.total)}`)),
      h("section", { class: "card", key: "ledger", "aria-label": "ledger" },
        h("div", { class: "filters" },
          filterField(query.q ?? "", (q) => page.go({ q, offset: "" }), "Filter the ledger by text"),
          facet("Kind", data.kinds, query.kind, (kind) => page.go({ kind, offset: "" }))),
        data.rows.length
          ? table({ columns: COLUMNS, rows: data.rows, keyOf: (r) => `${r.id ?? r.time}-${r.kind}-${r.subject}`, caption: "decisions, newest first" })
          : missing(data.total ? "Nothing in the ledger matches the filter." : "Nothing was decided yet."),
        pager(Number(query.offset ?? 0), LIMIT(), data.matching, (offset) => page.go({ offset: String(offset || "") }))),
    ];
  },
};

const RUN = /^r\d+$/;

const COLUMNS = [
  { key: "time", label: "When", cell: (r) => ago(r.time) },
  { key: "kind", label: "What", cell: (r) => [badge(r.kind), r.values?.state === "refused" ? [" ", badge("refused")] : null] },
  { key: "subject", label: "About", cell: (r) => (RUN.test(r.subject ?? "") ? h("a", { href: `#/run/${r.subject}` }, r.subject) : name(r.subject ?? "–", { class: "short" })) },
  { key: "reason", label: "Why", class: "reason", cell: (r) => [name(r.reason ?? ""), unfold("values", r.values, "values")] },
];
