// How values read, as in the report: the same words for the same numbers.

const NONE = "–";
const given = (x) => typeof x === "number" && Number.isFinite(x);

/** A setting or a number as people write it: 0.0003 becomes 3e-4, 0.25 stays. */
export function value(x) {
  if (x === null || x === undefined) return NONE;
  if (typeof x === "object") return JSON.stringify(x);
  if (typeof x !== "number" || Number.isInteger(x)) return String(x);
  const size = Math.abs(x);
  const text = size !== 0 && (size < 1e-3 || size >= 1e5) ? x.toExponential(2) : x.toPrecision(3);
  return text.includes("e") ? text.replace(/\.?0+e/, "e").replace("e+", "e") : text.replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
}

export const percent = (x, digits = 1) => (given(x) ? `${(100 * x).toFixed(digits)}\u00a0%` : NONE);

/** A difference of two shares. */
export const points = (x) => (given(x) ? `${x < 0 ? "−" : "+"}${Math.abs(100 * x).toFixed(1)} points` : NONE);

export const count = (x) => (given(x) ? x.toLocaleString("en-US") : NONE);

/** A duration: 0.42 s, 35 s, 4 min 10 s, 3 h 5 min. */
export function seconds(x) {
  if (!given(x)) return NONE;
  if (x < 10) return `${Number(x.toPrecision(2))} s`;
  if (x < 90) return `${Math.round(x)} s`;
  const minutes = Math.floor(Math.round(x) / 60);
  if (minutes < 90) return Math.round(x) % 60 ? `${minutes} min ${Math.round(x) % 60} s` : `${minutes} min`;
  return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`;
}

/** A duration that is only estimated: no seconds beside minutes. */
export const roughly = (x) => (given(x) && x >= 90 && x < 5400 ? `${Math.round(x / 60)} min` : seconds(x));

/** A range of such; with seconds where minutes would read the same. */
export const range = (low, high) => {
  const words = roughly(low) === roughly(high) ? seconds : roughly;
  return words(low) === words(high) ? words(low) : `${words(low)} to ${words(high)}`;
};

/** How long ago, in whole minutes from the first on: "45 s ago", "1 min ago". */
export function passed(x) {
  if (x < 5) return "now";
  if (x < 60) return `${Math.floor(x / 5) * 5} s ago`;
  return `${x < 120 ? "1 min" : seconds(Math.floor(x / 60) * 60)} ago`;
}

export function bytes(x) {
  if (!given(x)) return NONE;
  let size = x;
  for (const unit of ["B", "kB", "MB", "GB"]) {
    if (size < 1000) return `${unit === "B" ? size : size.toPrecision(3)} ${unit}`;
    size /= 1000;
  }
  return `${size.toPrecision(3)} TB`;
}

/** A moment: the time of day, with the date where it isn't today's. */
export function moment(unix) {
  if (!given(unix)) return NONE;
  const at = new Date(unix * 1000);
  const two = (n) => String(n).padStart(2, "0");
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  if (at.toDateString() === new Date().toDateString()) return time;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`;
}

/** `name = value` of every hyperparameter. */
export const settings = (values) =>
  Object.entries(values ?? {}).map(([k, v]) => `${k} = ${value(v)}`).join(", ");

/** What was asked for, as people say it: a configuration's values beside the rest, a budget's time in hours and minutes. */
export const wish = ({ configuration, time, ...others } = {}) =>
  settings(Object.fromEntries(
    Object.entries({ ...configuration, ...others, ...(given(time) ? { time: seconds(time) } : {}) }).filter(([, v]) => v !== null && v !== undefined)));

/** A word of the store as people write it: `out_of_memory` becomes `out of memory`. */
export const word = (text) => String(text ?? "").replaceAll("_", " ");
