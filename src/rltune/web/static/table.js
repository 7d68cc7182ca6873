// Tables: sorted by the server or here, walked through by keyboard, cards on a narrow screen.

import { h } from "./dom.js";

/**
 * A table.
 *
 * columns: {key, label, cell: row => node(s) or text, numeric, sortable, wide (hidden in cards), class}
 * rows; keyOf: row => its key; sort: {key, desc} and onsort(key); select: {has(key), toggle(key)}; caption: what it is;
 * marked: row => a class; walk: rows can have the focus.
 */
export function table({ columns, rows, keyOf, sort = null, onsort = null, select = null, caption, marked = () => "", walk = true }) {
  const head = columns.map((c) => headCell(c, sort, onsort));
  if (select) head.unshift(h("th", { scope: "col", class: "pick" }, h("span", { class: "hidden" }, "selected")));
  const body = rows.map((row, i) => {
    const key = keyOf(row);
    const cells = columns.map((c) => h("td", { class: `${c.numeric ? "n" : "t"} ${c.wide ? "wide-only" : ""} ${c.class ?? ""}`, "data-label": c.label }, c.cell(row)));
    if (select) {
      cells.unshift(h("td", { class: "pick", "data-label": "overlay" }, h("input", {
        type: "checkbox", checked: select.has(key), "aria-label": `lay the curve of ${select.label(row)} over others`, onchange: () => select.toggle(key),
      })));
    }
    return h("tr", { key, class: `${marked(row)} ${select?.has(key) ? "picked" : ""}`.trim(), ...(walk ? { "data-row": true, tabindex: i === 0 ? "0" : "-1" } : {}) }, cells);
  });
  return h("div", { class: "wide", tabindex: "-1" },
    h("table", { class: "cards-when-narrow" },
      h("caption", { class: "hidden" }, caption),
      h("thead", {}, h("tr", {}, head)), h("tbody", {}, body)));
}

function headCell(column, sort, onsort) {
  const now = sort?.key === column.key;
  const order = now ? (sort.desc ? "descending" : "ascending") : null;
  const label = column.sortable && onsort
    ? h("button", { type: "button", class: "sort", onclick: () => onsort(column.key) }, column.label,
      h("i", { "aria-hidden": "true" }, now ? (sort.desc ? " ↓" : " ↑") : ""))
    : column.label;
  return h("th", { scope: "col", class: `${column.numeric ? "n" : ""} ${column.wide ? "wide-only" : ""} ${column.class === "narrow-only" ? "narrow-only" : ""}`, "aria-sort": order, key: column.key }, label);
}

/** Sorting on a narrow screen, where a table has no head. */
export function sorter(columns, sort, onsort) {
  const sortable = columns.filter((c) => c.sortable);
  return h("label", { class: "narrow-only" }, h("span", {}, "Sort by "),
    h("select", { onchange: (e) => onsort(sortable[e.target.selectedIndex].key) },
      sortable.map((c) => h("option", { selected: c.key === sort.key }, c.label))),
    h("button", { type: "button", class: "quiet", "aria-label": "Other direction", onclick: () => onsort(sort.key) }, sort.desc ? "↓" : "↑"));
}

/** Where one is in a long list, and the way on. */
export function pager(offset, limit, total, go) {
  if (total <= limit) return null;
  const last = Math.min(total, offset + limit);
  return h("p", { class: "pager" },
    h("button", { type: "button", disabled: offset === 0, onclick: () => go(Math.max(0, offset - limit)) }, "Previous"),
    h("span", { class: "num" }, `${offset + 1} to ${last} of ${total.toLocaleString("en-US")}`),
    h("button", { type: "button", disabled: last >= total, onclick: () => go(offset + limit) }, "Next"));
}

/** Rows of a page: fewer where each is a card. */
export const pageSize = (many) => (window.innerWidth <= 700 ? Math.min(many, 20) : many);

/** A field that filters as one types. */
export function filterField(query, onfilter, label) {
  let timer = 0;
  return h("input", {
    type: "search", "data-filter": true, placeholder: "Filter ( / )", "aria-label": label, value: query,
    oninput: (event) => {
      clearTimeout(timer);
      const text = event.target.value;
      timer = setTimeout(() => onfilter(text), 250);
    },
  });
}

/** A choice among found values; the first entry stands for all of them. */
export function facet(label, found, chosen, onchoose) {
  const options = found ?? [];
  const kept = chosen && !options.includes(chosen) ? [chosen, ...options] : options;
  return h("select", { "aria-label": label, onchange: (e) => onchoose(e.target.selectedIndex ? kept[e.target.selectedIndex - 1] : "") },
    h("option", { selected: !chosen }, `${label}: all`),
    kept.map((o) => h("option", { selected: o === chosen, value: o }, String(o).replaceAll("_", " "))));
}
