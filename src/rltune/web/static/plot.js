// Figures: Plotly is loaded when the first of them comes into view; each is drawn in the reader's colours.

import { h } from "./dom.js";

const NARROW = 600;
const FALLBACK = 320; // pixels high, where a figure doesn't say
let library = null;
const drawn = new Map(); // box -> the figure that it shows

/**
 * A figure with its caption; `label` is what a screen reader says of it. `figure`: data, layout, height, caption.
 * `small`: one of many, whose heading stands for the axes' names.
 */
export function plot(figure, label, { height = figure.height ?? FALLBACK, key = label, small = false } = {}) {
  const box = h("div", {
    class: "plot", role: "img", "aria-label": figure.caption ? `${label}. ${figure.caption}` : label,
    style: { height: `${height}px` }, _figure: small ? bare(figure) : figure, key: "box",
  });
  return h("figure", { key }, box, figure.caption ? h("figcaption", {}, figure.caption) : null);
}

// The same figure always gives the same bare one, so that it isn't drawn again for nothing.
const bared = new WeakMap();

function bare(figure) {
  if (!bared.has(figure)) {
    const { xaxis, yaxis, ...layout } = figure.layout ?? {};
    const silent = { title: { text: "" } };
    const margin = { ...layout.margin, t: 6, b: 26, l: 36, r: 8 };
    bared.set(figure, { data: figure.data, layout: { ...layout, margin, xaxis: { ...xaxis, ...silent }, yaxis: { ...yaxis, ...silent } } });
  }
  return bared.get(figure);
}

/** Looks for figures that are new, changed or gone; called after each painting of a view. */
export function settle(root) {
  for (const box of [...drawn.keys()]) {
    if (box.isConnected) continue;
    window.Plotly?.purge(box);
    seeing.unobserve(box);
    drawn.delete(box);
  }
  for (const box of root.querySelectorAll(".plot")) {
    if (!drawn.has(box)) {
      drawn.set(box, null);
      seeing.observe(box);
    } else if (drawn.get(box) !== null && drawn.get(box) !== box._figure) draw(box);
  }
}

const seeing = new IntersectionObserver(
  (entries) => entries.filter((e) => e.isIntersecting).forEach((e) => draw(e.target)),
  { rootMargin: "300px" },
);

function load() {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = "/static/plotly.min.js";
    script.onload = resolve;
    script.onerror = () => {
      library = null;
      script.remove();
      reject(new Error("the figures' library can't be loaded"));
    };
    document.head.append(script);
  });
  return library;
}

async function draw(box) {
  const figure = box._figure;
  const again = drawn.get(box) !== null;
  if (drawn.get(box) === figure) return;
  drawn.set(box, figure);
  if (!window.Plotly) box.dataset.loading = "figure is being drawn";
  try {
    await load();
  } catch (error) {
    drawn.set(box, null);
    box.dataset.loading = error.message;
    return;
  }
  delete box.dataset.loading;
  if (!box.isConnected || box._figure !== figure) return;
  await window.Plotly.react(box, figure.data, themed(figure.layout ?? {}), {
    responsive: true, displaylogo: false, displayModeBar: false, scrollZoom: false,
  });
  if (!again) seeing.unobserve(box);
}

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const narrow = () => window.innerWidth < NARROW;

function themed(layout) {
  const size = narrow() ? 11 : 13;
  const axis = {
    gridcolor: color("--grid"), zerolinecolor: color("--grid"), linecolor: color("--line"),
    tickcolor: color("--line"), ticks: "", showline: false, title: { font: { size } },
  };
  const template = {
    layout: {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: getComputedStyle(document.body).fontFamily, color: color("--text"), size },
      hoverlabel: { bgcolor: color("--hover"), bordercolor: color("--line"), font: { color: color("--text") } },
      xaxis: axis, yaxis: axis,
    },
  };
  const margin = narrow() ? { ...layout.margin, r: 6 } : layout.margin;
  // The reader's zoom stays when a figure gets new points; fingers scroll the page and don't zoom.
  return { ...layout, template, margin, uirevision: "kept", dragmode: narrow() ? false : layout.dragmode ?? "zoom" };
}

/** All figures again, in other colours or another width. */
export function redraw() {
  for (const [box, figure] of drawn) {
    if (figure === null || !box.isConnected) continue;
    drawn.set(box, undefined);
    draw(box);
  }
}

let wide = !narrow();
window.addEventListener("resize", () => {
  if (wide === narrow()) redraw();
  wide = !narrow();
});
window.addEventListener("beforeprint", () => drawn.forEach((_, box) => window.Plotly?.Plots.resize(box)));
