// Dialogs: a question before each act, with the server's refusal shown in its place.

import { h } from "./dom.js";

/** A dialog with a title and content. Returns it; it is removed when closed, and the focus goes back where it was. */
export function openDialog(title, content, { actions = [h("button", { type: "submit" }, "Close")], onsubmit = null } = {}) {
  const before = document.activeElement;
  const id = `dialog-${Math.random().toString(36).slice(2)}`;
  const form = h("form", { method: "dialog", novalidate: true },
    h("h2", { id }, title), h("div", { class: "dialog-body" }, content), h("p", { class: "actions" }, actions));
  const dialog = h("dialog", { "aria-labelledby": id }, form);
  if (onsubmit) form.addEventListener("submit", onsubmit);
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (before?.isConnected) before.focus();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close()); // beside it
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/**
 * Asks before an act. `act` does it and may raise: its message stands in the dialog, which stays open for another try.
 * Resolves to what `act` gave, or null if the reader turned back.
 */
export function confirmAct({ title, content, verb, danger = false, act }) {
  return new Promise((resolve) => {
    const problem = h("p", { class: "problem", role: "alert", hidden: true });
    const yes = h("button", { type: "submit", class: danger ? "danger" : "main" }, verb);
    let result = null;
    const dialog = openDialog(title, [content, problem], {
      actions: [h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"), yes],
      onsubmit: async (event) => {
        event.preventDefault();
        yes.disabled = true;
        problem.hidden = true;
        try {
          result = await act();
          dialog.close();
        } catch (error) {
          problem.textContent = [error.message, error.hint].filter(Boolean).join("; ");
          problem.hidden = false;
          yes.disabled = false;
          yes.focus();
        }
      },
    });
    dialog.addEventListener("close", () => resolve(result));
  });
}
