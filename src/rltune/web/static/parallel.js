// Parallel coordinates as plain lines: Plotly's own need WebGL and code made at run time, which this page doesn't allow.

import { value } from "./format.js";

const MOST = 400; // lines; the best ones are kept
const SHADES = 6;
const COLORS = ["#7c6cf0", "#5a83e6", "#3f8fe0", "#2f9dbb", "#1fa08f", "#12a37a"]; // from the worst to the best
const ROOM = 0.04;

/**
 * A figure of the configurations' values and scores on one model.
 *
 * space: [{name, low, high, log, choices}]; rows: [{configuration, values, score}], all with a score. Null if there are none.
 */
export function parallel(space, rows) {
  const best = rows.toSorted((a, b) => b.score - a.score).slice(0, MOST);
  if (!best.length || !space.length) return null;
  const axes = [...space.map(axisOf), scoreAxis(best)];
  const shades = Array.from({ length: SHADES }, () => []);
  // By rank: one that has died far below the others would leave these a single shade.
  best.forEach((row, rank) => shades[SHADES - 1 - Math.floor((rank / best.length) * SHADES)].push(row));
  return {
    data: shades.map((found, i) => line(found, axes, COLORS[i], i)).filter((trace) => trace.x.length),
    layout: {
      margin: { l: 28, r: 36, t: 12, b: 52 }, showlegend: false, hovermode: "closest", hoverlabel: { align: "left" },
      xaxis: { tickvals: axes.map((_, i) => i), ticktext: axes.map((a) => escaped(cut(a.name))), range: [-0.15, axes.length - 0.6], showgrid: true, zeroline: false, fixedrange: true, automargin: true },
      yaxis: { visible: false, range: [-0.1, 1.1], fixedrange: true },
      annotations: axes.flatMap(ends),
    },
    height: 400,
    caption: `Each line is a configuration, the best sixth is green, the worst violet.${rows.length > MOST ? ` The ${MOST} best of ${rows.length} are shown.` : ""} Hover for its values.`,
  };
}

function axisOf(parameter) {
  const { name, low, high, log, choices } = parameter;
  if (choices) {
    const place = (v) => (choices.length > 1 ? choices.indexOf(v) / (choices.length - 1) : 0.5);
    return { name, place, low: choices[0], high: choices.at(-1), of: (row) => row.values[name] };
  }
  const scale = log ? Math.log : (x) => x;
  const place = (v) => (scale(v) - scale(low)) / (scale(high) - scale(low) || 1);
  return { name, place, low, high, of: (row) => row.values[name] };
}

function scoreAxis(rows) {
  const [low, high] = [rows.at(-1).score, rows[0].score];
  const text = (x) => `${(100 * x).toFixed(1)} %`;
  return { name: "score", place: (v) => (v - low) / (high - low || 1), low: text(low), high: text(high), of: (row) => row.score };
}

function line(rows, axes, color, shade) {
  const x = [];
  const y = [];
  const text = [];
  for (const row of rows) {
    const about = hover(row);
    axes.forEach((axis, i) => {
      const at = axis.place(axis.of(row));
      x.push(i);
      y.push(Number.isFinite(at) ? Math.max(-ROOM, Math.min(1 + ROOM, at)) : null);
      text.push(about);
    });
    x.push(null);
    y.push(null);
    text.push("");
  }
  return {
    type: "scatter", mode: "lines+markers", x, y, text, hovertemplate: "%{text}<extra></extra>", connectgaps: false,
    line: { color, width: shade === SHADES - 1 ? 2 : 1.2 }, marker: { color, size: 4 }, opacity: 0.35 + (0.6 * shade) / (SHADES - 1),
  };
}

const ends = (axis, i) => [
  { x: i, y: 1.02, text: escaped(cut(value(axis.high))), yanchor: "bottom", showarrow: false, font: { size: 10 } },
  { x: i, y: -0.02, text: escaped(cut(value(axis.low))), yanchor: "top", showarrow: false, font: { size: 10 } },
];

const cut = (text) => (text.length > 18 ? `${text.slice(0, 17)}…` : text);
// Plotly reads a few tags and fields in its texts: names from outside are escaped.
const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll("%{", "% {");
const hover = (row) =>
  [`${row.configuration}: ${(100 * row.score).toFixed(1)} %`, ...Object.entries(row.values).map(([k, v]) => `${cut(k)} = ${cut(value(v))}`)]
    .map(escaped).join("<br>");
