// The overview: what it has found, what it has cost, what runs, what is left.

import { get, now } from "./api.js";
import { h, name } from "./dom.js";
import { count, moment, percent, points, range, roughly, seconds, bytes, wish } from "./format.js";
import { ago, badge, card, heading, missing, number, runLink, spark, values } from "./parts.js";
import { plot } from "./plot.js";
import { enqueue } from "./enqueue.js";
import { actButton, actName, changeBudget, pause, resume, stopRun } from "./steer.js";

export const overview = {
  name: "overview",
  parts: ["overview", "requests"],
  title: () => "Overview",
  ticks: true,

  load: async (_, signal) => ({ ...(await get("/api/overview", {}, signal)), read: now() }),

  render(data, page) {
    return [
      heading("Overview", h("span", { class: "soft" }, name(data.study.task), " on ", name(data.study.target))),
      h("div", { class: "wrap", key: "notes" }, notes(data)),
      headline(data),
      h("div", { class: "columns", key: "columns" }, budgetCard(data), phasesCard(data)),
      steering(data, page),
      inFlight(data, page),
      h("div", { class: data.figures?.spending ? "columns" : "", key: "figures" }, figure(data, "progress", "Best so far"), figure(data, "spending", "Score against cost")),
      h("div", { class: "columns", key: "lists" }, events(data), requests(data)),
    ];
  },
};

function notes({ study, problem }) {
  const found = [];
  if (problem) found.push(h("p", { class: "note", key: "problem" }, "The store can’t be read now, what is shown is older: ", name(problem)));
  if (study.failure) found.push(h("p", { class: "note bad", key: "failure" }, h("b", {}, "The study has failed: "), name(study.failure)));
  if (study.state === "crashed") {
    found.push(h("p", { class: "note", key: "dead" }, "The process that ran this study has vanished; `rltune resume` goes on with it."));
  }
  if (study.paused) found.push(h("p", { class: "note", key: "paused" }, "The study is paused: no trial starts until it goes on."));
  return found;
}

function headline({ best, recipe_score: recipe, gain, undecided, winner, study }) {
  if (gain?.sentence || winner) {
    return card("Result", "headline", h("p", { class: "verdict" }, name(gain?.sentence ?? undecided ?? "A winner is chosen; its test isn’t done yet.")),
      winner ? configurationLine(winner) : null, best ? validationLine(best, recipe) : null);
  }
  if (!best) {
    return card("Best so far", "headline", missing("Nothing has been evaluated yet."),
      h("p", { class: "fine" }, "Task ", name(study.task), ", target ", name(study.target), "."));
  }
  return card("Best so far", "headline", scoreLine(best, recipe), configurationLine(best));
}

/** The search's best beside a verdict: small, since the luckiest of many scores says less than the test. */
const validationLine = (best, recipe) =>
  h("p", { class: "fine" }, `best validation score of the study: ${percent(best.score)} on `, name(best.model), `, step ${best.steps}`,
    best.run ? [", ", runLink({ run: best.run }, best.run)] : null, comparable(best, recipe) ? `; the recipe’s there: ${percent(recipe.score)}` : null);

const comparable = (best, recipe) => recipe && recipe.score !== null && best.model === recipe.model && best.steps === recipe.steps;

function scoreLine(best, recipe) {
  const leads = recipe && recipe.configuration === best.configuration;
  const same = comparable(best, recipe);
  if (leads && same) {
    return h("div", {},
      h("p", { class: "verdict" }, h("b", { class: "big" }, percent(best.score)), " by the recipe itself: nothing is better yet"),
      h("p", { class: "fine" }, "validation score on ", name(best.model), `, step ${best.steps}`, best.run ? [", ", runLink({ run: best.run }, best.run)] : null));
  }
  return h("div", {},
    h("p", { class: "verdict" }, h("b", { class: "big" }, percent(best.score)),
      recipe ? [" against the recipe’s ", h("b", {}, percent(recipe.score)), same ? [": ", h("b", {}, points(best.score - recipe.score))] : null] : null),
    h("p", { class: "fine" }, "validation score on ", name(best.model), `, step ${best.steps}`, best.run ? [", ", runLink({ run: best.run }, best.run)] : null,
      recipe ? (same ? "; the recipe at the same model and step" : ["; the recipe on ", name(recipe.model), `, step ${recipe.steps}`]) : "; the recipe has no score to compare with yet"));
}

const configurationLine = (found) =>
  h("div", {}, h("p", { class: "fine" }, "configuration ", name(found.configuration ?? "")), values(found.values));

/** Seconds spent by now: the clock runs on between two answers, but for a study that stands still. */
function spentNow({ budget, study, read }) {
  if (!study.alive || study.paused) return budget.seconds;
  return budget.seconds === null ? null : budget.seconds + Math.max(0, now() - read);
}

function budgetCard(data) {
  const { budget, left, utilization, counts } = data;
  const spent = spentNow(data);
  const gone = budget.limit_seconds ? Math.max(budget.gone ?? 0, spent / budget.limit_seconds) : budget.gone;
  return card("Budget", "budget",
    bar(gone, budget.limit_seconds ? `${seconds(spent)} of ${seconds(budget.limit_seconds)}` : `${seconds(spent)} spent`),
    budget.limit_gpu_hours ? bar((budget.gpu_hours ?? 0) / budget.limit_gpu_hours, `${(budget.gpu_hours ?? 0).toPrecision(3)} of ${budget.limit_gpu_hours} GPU-hours`) : null,
    budget.limit_trials ? bar(budget.trials / budget.limit_trials, `${count(budget.trials)} of ${count(budget.limit_trials)} trials`) : null,
    left ? h("p", {}, h("b", {}, `${roughly(left.seconds)} left`),
      left.low !== null && left.high !== null ? ` (${range(left.low, left.high)})` : "", left.why ? h("span", { class: "fine" }, ", ", name(left.why)) : null) : null,
    h("div", { class: "cards" },
      number(count(counts.configurations), "configurations"), number(count(counts.evaluations), "evaluations"),
      number(count(counts.in_flight), "in flight"), number(count(counts.stopped), "stopped early"),
      number(count(counts.failed), "failed"), number(bytes(counts.checkpoints_bytes), "checkpoints")),
    utilization ? utilized(utilization) : null);
}

function bar(share, label) {
  const known = typeof share === "number" && Number.isFinite(share);
  return h("div", { class: "meter" }, h("p", {}, label, known ? h("span", { class: "soft" }, ` · ${percent(Math.min(share, 9.99), 0)}`) : null),
    known ? h("progress", { max: 1, value: Math.min(1, Math.max(0, share)), "aria-label": label }) : null);
}

function utilized({ unit = "place", hours, training, idle }) {
  const causes = Object.entries(idle ?? {}).filter(([, share]) => share >= 0.005).sort((a, b) => b[1] - a[1]);
  return h("div", { class: "meter" },
    h("p", {}, h("b", {}, percent(training, 0)), ` of ${typeof hours === "number" ? `${round(hours)} ` : ""}${unit}-hours went into training`),
    h("progress", { max: 1, value: training ?? 0, "aria-label": `share of the ${unit}-hours that went into training` }),
    causes.length ? h("p", { class: "fine" }, "The rest: ", causes.map(([cause, share], i) => [i ? ", " : "", name(cause), ` ${percent(share, 0)}`])) : null);
}

const round = (x) => (typeof x === "number" ? Number(x.toPrecision(2)) : "–");

const STATES = { done: "done", now: "now", ahead: "to come", skipped: "left out" };

function phasesCard({ phases, study }) {
  return card("Phases", "phases",
    h("ol", { class: "phases" }, (phases ?? []).map((p) =>
      h("li", { class: p.state, "aria-current": p.state === "now" ? "step" : null, key: p.name },
        h("b", {}, p.name), h("span", {}, STATES[p.state] ?? p.state, p.seconds ? ` · ${seconds(p.seconds)}` : "")))),
    h("dl", { class: "facts" },
      fact("Target", name(study.target)), fact("Proxies", (study.proxies ?? []).map((p, i) => [i ? ", " : "", name(p)])),
      fact("Task", name(study.task)), fact("Trainer", name(study.trainer)), fact("Recipe", name(study.recipe ?? "–")),
      fact("Rungs", (study.rungs ?? []).join(", ")), fact("Created", moment(study.created))));
}

const fact = (label, content) => [h("dt", {}, label), h("dd", {}, content)];

function steering(data, page) {
  const may = page.session ?? {};
  const why = (kind) => (may.can_steer === false ? may.why_not || "this page may only look" : data.actions?.[kind] ?? null);
  return card("Steer", "steer",
    h("p", { class: "actions" },
      data.study.paused ? actButton("Go on", why("resume"), resume, { kind: "main" }) : actButton("Pause", why("pause"), pause),
      actButton("Try a configuration…", why("enqueue"), () => enqueue(null)),
      actButton("Budget…", why("budget"), () => changeBudget(data.budget))),
    h("p", { class: "fine" }, "Runs and checkpoints are steered on the page of their run. Each act is written into the ledger."));
}

function inFlight(data, page) {
  const rows = data.in_flight ?? [];
  const refused = page.session?.can_steer === false ? page.session.why_not || "this page may only look" : null;
  if (!rows.length) {
    const why = data.study.alive ? "Nothing is in flight at the moment." : "Nothing is in flight: nobody runs this study.";
    return card("In flight", "flight", missing(why));
  }
  return card("In flight", "flight", h("ul", { class: "flights" }, rows.map((run) => flight(run, refused))));
}

function flight(run, refused) {
  const step = run.step ?? run.from_step ?? 0;
  return h("li", { key: run.run },
    h("div", { class: "flight-head" }, h("b", {}, runLink(run)), " ", badge(run.phase), " ", name(run.model), h("span", { class: "soft" }, " · ", name(run.configuration))),
    spark(run.curve, run.to_step, `reward of run ${run.number} so far`),
    h("div", { class: "flight-step" },
      h("p", {}, `step ${step} of ${run.to_step}`, run.reward !== null && run.reward !== undefined ? [" · reward ", h("b", { class: "num" }, run.reward.toFixed(3))] : null,
        forecast(run.forecast)),
      h("progress", { max: run.to_step || 1, value: step, "aria-label": `run ${run.number}, step ${step} of ${run.to_step}` }),
      h("p", { class: "fine" }, "started ", ago(run.started), run.worker ? [" · ", name(run.worker)] : null, run.device ? [" · ", name(run.device)] : null)),
    actButton("Stop…", refused, () => stopRun(run)));
}

function forecast(found) {
  const at = typeof found === "number" ? found : found?.expected;
  if (typeof at !== "number") return null;
  const range = typeof found.low === "number" ? ` (${found.low.toFixed(2)} to ${found.high.toFixed(2)})` : "";
  return [" · forecast ", h("b", { class: "num" }, at.toFixed(3)), range];
}

function figure({ figures }, key, title) {
  const found = figures?.[key];
  if (found === undefined) return null;
  return card(title, key, found ? plot(found, title) : missing("Nothing was evaluated yet."));
}

function events({ events: found }) {
  if (!found?.length) return card("Events", "events", missing("Nothing was reported."));
  return card("Events", "events", h("ul", { class: "lines", tabindex: "0", "aria-label": "events, newest first" },
    found.map((e) => h("li", {}, h("span", { class: "soft num" }, ago(e.time)), " ", e.level === "info" ? null : [badge(e.level), " "], name(e.message)))));
}

function requests({ requests: found }) {
  if (!found?.length) return card("Requests", "requests", missing("Nothing was asked for yet."));
  return card("Requests", "requests", h("ul", { class: "lines", tabindex: "0", "aria-label": "requests, newest first" },
    found.map((r) => h("li", { key: r.id }, h("b", {}, actName(r.kind)), " ", badge(r.state), h("span", { class: "soft" }, " by ", name(r.by), ", ", ago(r.time)),
      h("div", {}, name(wish(r.values))), r.answer ? h("div", { class: "fine" }, name(r.answer)) : null))));
}
