// Asking the server. An unchanged answer is the very same object as before, so that nothing is drawn again for it.

export class ApiError extends Error {
  constructor(status, { message, where = "", hint = "" }) {
    super(message);
    Object.assign(this, { status, where, hint });
  }
}

const seen = new Map(); // address -> { text, data }
const MOST_SEEN = 24;
let ahead = 0; // seconds that the server's clock is ahead of this one
let session = null;

/** The server's time, unix seconds. */
export const now = () => Date.now() / 1000 + ahead;

/** GET of JSON. Raises ApiError; status 0 when no answer came at all. */
export async function get(address, parameters = {}, signal = undefined) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, v]) => v !== "" && v !== null && v !== undefined));
  const url = query.size ? `${address}?${query}` : address;
  const answer = await ask(url, { signal, headers: { Accept: "application/json" } });
  const text = await answer.text();
  const before = seen.get(url);
  if (before?.text === text) return before.data;
  const data = JSON.parse(text);
  seen.delete(url);
  seen.set(url, { text, data });
  if (seen.size > MOST_SEEN) seen.delete(seen.keys().next().value);
  return data;
}

/** Who answers, and whether the study can be steered from here; the secret for writing comes with it. */
export async function readSession() {
  session = await get("/api/session");
  return session;
}

/** Asks for an act of steering; its record, or ApiError. */
export async function post(kind, values) {
  if (session === null) await readSession();
  const send = () =>
    ask("/api/requests", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Rltune": session.csrf },
      body: JSON.stringify({ kind, values }),
    });
  try {
    return await (await send()).json();
  } catch (error) {
    // The server was started anew and has another secret: ask for it once.
    if (error.status !== 403) throw error;
    seen.clear();
    await readSession();
    return (await send()).json();
  }
}

async function ask(url, options) {
  let answer;
  try {
    answer = await fetch(url, { credentials: "same-origin", cache: "no-cache", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, { message: "the server doesn't answer", hint: "is `rltune dashboard` still running?" });
  }
  const date = Date.parse(answer.headers.get("Date") ?? "");
  if (date) ahead = Math.abs(date / 1000 - Date.now() / 1000) > 3 ? date / 1000 - Date.now() / 1000 : 0;
  if (answer.ok) return answer;
  let error = { message: `the server answered ${answer.status}`, hint: "" };
  try {
    error = (await answer.json()).error ?? error;
  } catch { /* not JSON: the status says it */ }
  throw new ApiError(answer.status, error);
}
