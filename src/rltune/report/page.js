"use strict";
// Draws each figure from the JSON beside it, in the colours that the reader prefers, and again when they change.
(function () {
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const narrow = () => window.innerWidth < 600;

  function themed(layout) {
    const axis = {
      gridcolor: color("--grid"), zerolinecolor: color("--grid"), linecolor: color("--line"),
      tickcolor: color("--line"), ticks: "", showline: false, title: { font: { size: narrow() ? 11 : 13 } },
    };
    const template = {
      layout: {
        paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
        font: {
          family: getComputedStyle(document.body).fontFamily, color: color("--text"), size: narrow() ? 11 : 13,
        },
        hoverlabel: { bgcolor: color("--hover"), bordercolor: color("--line"), font: { color: color("--text") } },
        xaxis: axis, yaxis: axis,
      },
    };
    const margin = narrow() ? Object.assign({}, layout.margin, { r: 6 }) : layout.margin;
    return Object.assign({}, layout, { template: template, margin: margin });
  }

  const figures = Array.from(document.querySelectorAll("script[data-plot]")).map((script) => ({
    box: document.getElementById("plot-" + script.dataset.plot),
    spec: JSON.parse(script.textContent),
  }));

  function draw() {
    for (const { box, spec } of figures) {
      Plotly.react(box, spec.data, themed(spec.layout), { responsive: true, displaylogo: false, displayModeBar: false });
    }
  }

  draw();
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  window.addEventListener("beforeprint", () => figures.forEach(({ box }) => Plotly.Plots.resize(box)));
})();
