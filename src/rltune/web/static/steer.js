// Acts of steering: each asks first, then follows its request until the study has answered.

import { get, post } from "./api.js";
import { confirmAct, openDialog } from "./dialog.js";
import { h, name } from "./dom.js";
import { notice, say } from "./notices.js";
import { seconds } from "./format.js";

const ASK_EVERY = 1000;
const FOLLOW_FOR = 10 * 60_000; // longer ones stand in the list of requests
const WORDS = {
  pause: "Pause", resume: "Go on", stop_run: "Stop", enqueue: "Try a configuration", pin: "Pin", budget: "Budget",
  extend_run: "Extend",
};

/** What a kind of request is called. */
export const actName = (kind) => WORDS[kind] ?? kind;

let asked = () => {};
/** `listener` is told after each request that was made or answered, to look at the study again. */
export const onAsked = (listener) => (asked = listener);

/** A choice among labels. */
export const choice = (labels) => h("select", {}, labels.map((l) => h("option", {}, l)));

/** A button for an act. `why`: why it can't be asked for now; then the button is greyed and says so when pressed. */
export function actButton(label, why, act, { kind = "", title = "" } = {}) {
  if (!why) return h("button", { type: "button", class: kind, title, onclick: act }, label);
  return h("button", {
    type: "button", class: kind, "aria-disabled": "true", title: why,
    onclick: () => openDialog(label, h("p", {}, `Not possible now: ${why}.`)),
  }, label);
}

/** Makes a request and follows it; `what` names it in the notices. Its record; raises ApiError if it is refused. */
export async function ask(kind, values, what) {
  const record = await post(kind, values);
  const show = notice(`${what}: asked for`, "waiting");
  say(`${what}: asked for`);
  asked();
  follow(record, what, show);
  return record;
}

async function follow(record, what, show) {
  const until = Date.now() + FOLLOW_FOR;
  let told = "";
  let current = record;
  while (Date.now() < until) {
    if (current.state !== "waiting") {
      const text = current.state === "done" ? current.answer || "done" : `refused: ${current.answer}`;
      show(`${what}: ${text}`, current.state);
      say(`${what}: ${text}`);
      return asked();
    }
    if (current.answer && current.answer !== told) {
      told = current.answer;
      show(`${what}: ${told}`, "waiting");
    }
    await new Promise((resume) => setTimeout(resume, ASK_EVERY));
    try {
      current = await get(`/api/requests/${encodeURIComponent(record.id)}`);
    } catch (error) {
      if (error.status === 404) return show(`${what}: ${error.message}`, "refused");
    }
  }
  show(`${what}: still waiting; its answer will stand among the requests`, "done");
}

export const pause = () =>
  confirmAct({
    title: "Pause the study?", verb: "Pause",
    content: h("p", {}, "No new trials start. Those in flight end at their next step with a checkpoint and go on from it later."),
    act: () => ask("pause", {}, "Pause"),
  });

export const resume = () =>
  confirmAct({
    title: "Let the study go on?", verb: "Go on",
    content: h("p", {}, "Trials start again, from where they were left."),
    act: () => ask("resume", {}, "Going on"),
  });

export const stopRun = (run) =>
  confirmAct({
    title: `Stop run ${run.number}?`, verb: "Stop the run", danger: true,
    content: h("p", {}, "It ends at its next step, with a checkpoint. Configuration ", name(run.configuration), " on ", name(run.model), "."),
    act: () => ask("stop_run", { run: run.run }, `Stop of run ${run.number}`),
  });

export const pin = (run, step, pinned) =>
  confirmAct({
    title: pinned ? `Keep the checkpoint of step ${step}?` : `Let go of the checkpoint of step ${step}?`,
    verb: pinned ? "Pin" : "Unpin",
    content: h("p", {}, pinned
      ? "A pinned checkpoint is never deleted to make room, nor by `rltune clean`."
      : "It may then be deleted when room is needed."),
    act: () => ask("pin", { run: run.run, step, pinned }, `${pinned ? "Pin" : "Unpin"} of step ${step}, run ${run.number}`),
  });

export function extendRun(run, rungs) {
  const ahead = rungs.filter((rung) => rung > run.steps);
  const input = choice(ahead.map(String));
  input.selectedIndex = ahead.length - 1;
  return confirmAct({
    title: `Train run ${run.number} further?`, verb: "Extend",
    content: [
      h("p", {}, `It has been trained to step ${run.steps}. A full run has ${rungs.at(-1)} steps: its schedules end there.`),
      h("p", {}, h("label", { class: "field" }, h("span", {}, "To step"), input)),
    ],
    act: () => ask("extend_run", { run: run.run, steps: ahead[input.selectedIndex] }, `Extension of run ${run.number}`),
  });
}

export function changeBudget(budget) {
  const limit = budget.limit_seconds;
  const field = (label, input, hint) => h("label", { class: "field" }, h("span", {}, label), input, h("small", {}, hint));
  const text = (value, min) => h("input", { type: "number", inputmode: "decimal", step: "any", min, value: value ?? "" });
  const hours = text(limit ? round(limit / 3600) : null, 0);
  const gpu = text(budget.limit_gpu_hours, 0);
  const trials = text(budget.limit_trials, 1);
  const changed = () => ({
    ...given("time", hours, limit ? round(limit / 3600) : null, 3600),
    ...given("gpu_hours", gpu, budget.limit_gpu_hours, 1),
    ...given("trials", trials, budget.limit_trials, 1),
  });
  return confirmAct({
    title: "Change the budget", verb: "Change",
    content: [
      h("p", {}, `New totals, not additions. Spent so far: ${seconds(budget.seconds)}${limit ? ` of ${seconds(limit)}` : ""}.`),
      field("Hours", hours, "wall clock of the whole study"),
      field("GPU-hours", gpu, "empty: as it is now"),
      field("Trials", trials, "empty: as it is now"),
    ],
    act: () => {
      const values = changed();
      if (!Object.keys(values).length) throw new Error("nothing is changed yet");
      return ask("budget", values, "Budget");
    },
  });
}

const round = (x) => Number(x.toPrecision(6));

function given(key, input, before, unit) {
  if (input.value.trim() === "") return {};
  const value = number(input, "a number");
  return value === before ? {} : { [key]: value * unit };
}

function number(input, what) {
  const value = Number(input.value);
  if (input.value.trim() === "" || !Number.isFinite(value)) throw new Error(`expected ${what}`);
  if (!input.checkValidity()) throw new Error(input.validationMessage);
  return value;
}
