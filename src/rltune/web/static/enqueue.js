// The form for a configuration that somebody wants to see tried: made from the study's space.

import { get, readSession } from "./api.js";
import { confirmAct, openDialog } from "./dialog.js";
import { h, name } from "./dom.js";
import { value } from "./format.js";
import { ask, choice } from "./steer.js";

/** Asks for a configuration to be tried: a form made from the space, filled in with `values` (default: the best's). */
export async function enqueue(values) {
  let found;
  try {
    found = await Promise.all([get("/api/configurations"), get("/api/overview"), readSession()]);
  } catch (error) {
    return openDialog("Try a configuration", h("p", { class: "problem" }, error.message));
  }
  const [{ space, models }, { study, best }] = found;
  const start = values ?? best?.values ?? Object.fromEntries(space.map((p) => [p.name, p.recipe]));
  const inputs = space.map((parameter) => [parameter, inputFor(parameter, start[parameter.name] ?? parameter.recipe)]);
  const model = choice(["the search’s smallest", ...(models ?? [])]);
  const steps = choice(["a full run", ...(study.rungs ?? [])]);
  return confirmAct({
    title: "Try a configuration", verb: "Try it",
    content: [
      h("p", { class: "fine" }, values ? "Filled in with the configuration that you chose. " : "Filled in with the best so far, or the recipe. ",
        "It is run next, before the optimizer's own proposals."),
      h("div", { class: "fields" }, inputs.map(([p, input]) => h("label", { class: "field" }, h("span", {}, name(p.name)), input, h("small", {}, rangeOf(p))))),
      h("div", { class: "fields" },
        h("label", { class: "field" }, h("span", {}, "Model"), model),
        h("label", { class: "field" }, h("span", {}, "Steps"), steps)),
    ],
    act: () => ask("enqueue", {
      configuration: filledIn(inputs),
      model: model.selectedIndex ? models[model.selectedIndex - 1] : null,
      steps: steps.selectedIndex ? study.rungs[steps.selectedIndex - 1] : null,
    }, "Configuration"),
  });
}

function inputFor(parameter, value) {
  if (parameter.choices) {
    const select = choice(parameter.choices.map(String));
    select.selectedIndex = Math.max(0, parameter.choices.indexOf(value));
    return select;
  }
  return h("input", { type: "text", inputmode: "decimal", autocomplete: "off", value: value ?? "", "data-name": parameter.name });
}

function rangeOf(p) {
  if (p.choices) return `${p.choices.length} choices`;
  return `${value(p.low)} to ${value(p.high)}${p.kind === "int" ? ", whole" : ""}${p.recipe === null || p.recipe === undefined ? "" : `; recipe ${value(p.recipe)}`}${conditional(p) ? `; only with ${Object.keys(p.when).join(", ")}` : ""}`;
}

const conditional = (p) => Object.keys(p.when ?? {}).length > 0;

/** The values; of a setting that is there only beside certain others, only where these are so. */
function filledIn(inputs) {
  const found = {};
  const present = (p) => Object.entries(p.when ?? {}).every(([other, allowed]) => other in found && allowed.includes(found[other]));
  let left = inputs;
  while (left.length) {
    const now = left.filter(([p]) => present(p));
    if (!now.length) break;
    for (const [p, input] of now) found[p.name] = read(p, input);
    left = left.filter(([p]) => !(p.name in found));
  }
  return found;
}

function read(parameter, input) {
  if (parameter.choices) return parameter.choices[input.selectedIndex];
  const value = Number(input.value);
  const whole = parameter.kind === "int";
  if (input.value.trim() === "" || !Number.isFinite(value) || (whole && !Number.isInteger(value))) {
    input.focus();
    throw new Error(`${parameter.name}: expected ${whole ? "a whole number" : "a number"} from ${parameter.low} to ${parameter.high}`);
  }
  return value;
}
