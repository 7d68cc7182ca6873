// Elements, made and patched. All text of a study goes through text nodes: nothing here reads markup.

const SVG = "http://www.w3.org/2000/svg";
const DRAWN = new Set(["svg", "polyline", "polygon", "line", "circle", "path", "title", "rect"]);
// What moves a cursor or turns the reading order, as in rltune.visible: shown as an escape.
const UNSEEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

/** Text as it may be shown: unseen characters written out. */
export function visible(text) {
  return String(text).replace(UNSEEN, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A name from outside, whose direction and length don't disturb what stands beside it. */
export function name(text, attributes = {}) {
  return h("bdi", attributes, text);
}

/**
 * One element. Attributes: strings; true or false for flags; functions (`onclick`) and `_…` are set as properties, so
 * that `patch` can carry them over; `style` is an object; `key` tells brothers apart. Children: nodes, text, arrays; null
 * and false are left out.
 */
export function h(tag, attributes = {}, ...children) {
  const node = DRAWN.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  node._set = {};
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function" || key.startsWith("_")) {
      node[key] = value;
      node._set[key] = value;
    } else if (key === "key") node._key = value;
    else if (key === "style") for (const [k, v] of Object.entries(value)) node.style.setProperty(k, v);
    else if (key === "checked" || key === "value" || key === "selected") {
      node[key] = value;
      node._set[key] = value;
    } else node.setAttribute(key, value === true ? "" : visible(value));
  }
  node.append(...children.flat(9).filter((c) => c !== null && c !== undefined && c !== false).map(asNode));
  return node;
}

const asNode = (child) => (child instanceof Node ? child : document.createTextNode(visible(child)));

/** Makes `parent`'s children those of `wanted`, changing as little as it can: focus, scroll and open parts stay. */
export function patch(parent, wanted) {
  const kept = new Set([...wanted].map((node) => node._key));
  const keyed = new Map();
  for (const child of [...parent.childNodes]) {
    if (child._key === undefined) continue;
    // What is gone goes first: then those that stay needn't be moved, and one that is moved loses the focus.
    if (kept.has(child._key)) keyed.set(child._key, child);
    else child.remove();
  }
  let at = parent.firstChild;
  for (const next of [...wanted]) {
    const same = next._key !== undefined ? keyed.get(next._key) : match(at, next) ? at : null;
    if (same && match(same, next)) {
      if (same === at) at = at.nextSibling;
      else parent.insertBefore(same, at);
      patchOne(same, next);
    } else parent.insertBefore(next, at);
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

const match = (a, b) => a !== null && a.nodeName === b.nodeName && a._key === b._key;

function patchOne(old, next) {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== next.data) old.data = next.data;
    return;
  }
  for (const { name: key } of [...old.attributes]) {
    // What the reader opened stays open; a figure's box has its own class and style.
    if (key === "open" || (old._figure && (key === "class" || key === "style"))) continue;
    if (!next.hasAttribute(key)) old.removeAttribute(key);
  }
  for (const { name: key, value } of next.attributes) {
    if (key === "open" || (old._figure && key === "class")) continue;
    if (old.getAttribute(key) !== value) old.setAttribute(key, value);
  }
  for (const key of Object.keys(old._set ?? {})) if (!(key in (next._set ?? {}))) old[key] = null;
  for (const [key, value] of Object.entries(next._set ?? {})) {
    if (key === "value" && old === document.activeElement) continue; // being typed in
    if (old[key] !== value) old[key] = value;
  }
  old._set = next._set;
  if (!old._figure) patch(old, [...next.childNodes]);
}
