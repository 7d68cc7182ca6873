// The page: which view is shown, when it is asked for anew, and what stands around it.

import { ApiError, get, readSession } from "./api.js";
import { h, patch } from "./dom.js";
import { setUpKeys } from "./keys.js";
import { follow } from "./live.js";
import { say } from "./notices.js";
import { failure, loading, stateKind } from "./parts.js";
import { settle } from "./plot.js";
import { onAsked } from "./steer.js";
import { setUpTheme } from "./theme.js";
import { configurations } from "./view_configurations.js";
import { ledger } from "./view_ledger.js";
import { overview } from "./view_overview.js";
import { run } from "./view_run.js";
import { runs } from "./view_runs.js";
import { transfer } from "./view_transfer.js";

const VIEWS = Object.fromEntries([overview, runs, run, configurations, transfer, ledger].map((view) => [view.name, view]));
const AT_MOST = 1000; // milliseconds between two askings for changes
const TICK = 5000;
const STATE_EVERY = 15_000;

const main = document.getElementById("main");
const state = { route: routeOf(location.hash), shown: null, data: null, session: null, error: null };
let asking = null; // the AbortController of what is under way
let due = 0;
let lastAsked = 0;
let moving = false; // to another view, which isn't there yet

function routeOf(hash) {
  const [path, text = ""] = hash.replace(/^#\/?/, "").split("?");
  const [view, id = ""] = path.split("/");
  const known = view in VIEWS && (view !== "run" || id) ? view : "overview";
  return { view: known, id: decoded(id), query: Object.fromEntries(new URLSearchParams(text)) };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function addressOf({ view, id, query }) {
  const kept = new URLSearchParams(Object.entries(query).filter(([, v]) => v !== "" && v !== undefined && v !== null));
  const path = view === "overview" ? "" : view === "run" ? `run/${encodeURIComponent(id)}` : view;
  return `#/${path}${kept.size ? `?${kept}` : ""}`;
}

/** Changes the view's settings (sorting, filter, selection), which stand in the address. */
function go(changes) {
  state.route = { ...state.route, query: { ...state.route.query, ...changes } };
  history.replaceState(null, "", addressOf(state.route));
  paint();
  show();
}

const page = { get route() { return state.route; }, get session() { return state.session; }, go };

/** Asks for what the view shows, and paints it. */
async function show() {
  asking?.abort();
  const mine = (asking = new AbortController());
  const route = state.route;
  lastAsked = Date.now();
  try {
    if (state.session === null) state.session = await readSession();
    const data = await VIEWS[route.view].load(route, mine.signal);
    if (mine !== asking) return;
    Object.assign(state, { data, shown: placeOf(route), error: null });
    offline(false);
  } catch (error) {
    if (mine !== asking || error.name === "AbortError") return;
    if (!(error instanceof ApiError)) console.error(error);
    // What is shown already stays: old figures with a word that they are old help more than none.
    if (state.shown === placeOf(route) && error.status !== 404 && error.status !== 401) return offline(true, error);
    Object.assign(state, { data: null, shown: null, error });
  }
  paint();
}

const placeOf = ({ view, id }) => `${view}/${id}`;

function paint() {
  const { route, data, error, session } = state;
  const view = VIEWS[route.view];
  const ready = data !== null && state.shown === placeOf(route);
  let wanted = [loading()];
  if (error) wanted = [failure(error, show)];
  else if (ready) wanted = view.render(data, page).flat().filter(Boolean);
  if (main.dataset.place !== placeOf(route)) main.replaceChildren();
  main.dataset.place = placeOf(route);
  const focused = document.activeElement;
  patch(main, wanted);
  if (focused?.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
  main.setAttribute("aria-busy", String(!ready && !error));
  settle(main);
  if (moving && (ready || error)) {
    moving = false;
    arrived();
  }
  around(view, route, session, ready ? data : null);
}

/** What stands around the view: the tab's title, the study's name, the marked link. */
function around(view, route, session, data) {
  const study = session?.study ?? "rltune";
  document.title = `${view.title(route)} · ${study}`;
  document.getElementById("study").textContent = study;
  for (const link of document.querySelectorAll("nav a")) {
    const here = link.dataset.view === (route.view === "run" ? "runs" : route.view);
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (data?.study?.state) showState(data.study);
}

function showState(study) {
  const badge = document.getElementById("state");
  badge.hidden = false;
  badge.textContent = study.paused ? "paused" : study.state;
  badge.className = `badge ${stateKind(badge.textContent)}`;
}

/** The study's state beside its name, also where the view's own answer doesn't hold it. */
async function readState() {
  if (state.route.view === "overview" || document.hidden) return;
  try {
    showState((await get("/api/overview")).study);
  } catch { /* the view's own asking says what is wrong */ }
}

function offline(is, error = null) {
  const banner = document.getElementById("banner");
  banner.hidden = !is;
  banner.textContent = is ? `Not up to date: ${error.message}. Trying again.` : "";
  if (is) later(3000);
}

/** Asks anew soon, once for many changes. */
function later(wait = Math.max(0, AT_MOST - (Date.now() - lastAsked))) {
  if (due) return;
  due = setTimeout(() => {
    due = 0;
    if (document.hidden) stale = true;
    else show();
  }, wait);
}

let stale = false;

function changed(parts) {
  if (parts === null || parts.some((p) => VIEWS[state.route.view].parts.includes(p))) later();
}

function line(now) {
  document.getElementById("live").dataset.live = now;
  document.getElementById("live-text").textContent = now;
  if (now === "reconnecting") say("the line to the server is broken; trying again");
}

window.addEventListener("hashchange", () => {
  const before = placeOf(state.route);
  state.route = routeOf(location.hash);
  state.error = null;
  const moved = before !== placeOf(state.route);
  if (moved) window.scrollTo(0, 0);
  moving ||= moved;
  paint();
  show();
});

/** Where a reader of the page by ear or by keyboard goes on: at the new view's heading. */
function arrived() {
  main.querySelector("[data-heading]")?.focus({ preventScroll: true });
  say(`${VIEWS[state.route.view].title(state.route)}`);
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden || !stale) return;
  stale = false;
  show();
});
setInterval(() => {
  if (VIEWS[state.route.view].ticks && state.data && !document.hidden && !document.querySelector("dialog[open]")) paint();
}, TICK);
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
main.replaceChildren(h("span", {}));

setUpTheme(document.getElementById("theme"));
setUpKeys({ help: document.getElementById("help"), theme: document.getElementById("theme") });
onAsked(() => later(0));
paint();
show().then(readState);
setInterval(readState, STATE_EVERY);
follow(changed, line);
