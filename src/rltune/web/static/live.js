// Following the study: the server's stream of changes, taken up again whenever it breaks off.

const SILENT = 45_000; // the server pings every 15 s: after three missed ones the line is dead
const LONGEST = 15_000;

/**
 * Calls `changed(parts)` whenever the store has changed (`parts` is null when anything may have: after a gap), and
 * `state("live" | "reconnecting")` when the line does.
 */
export function follow(changed, state) {
  let source = null;
  let timer = 0;
  let tries = 0;
  let opened = false;

  function heard() {
    clearTimeout(timer);
    timer = setTimeout(again, SILENT);
  }

  function open() {
    source = new EventSource("/api/events");
    source.addEventListener("open", () => {
      tries = 0;
      state("live");
      heard();
      if (opened) changed(null);
      opened = true;
    });
    source.addEventListener("ping", heard);
    source.addEventListener("change", (event) => {
      heard();
      changed(partsOf(event.data));
    });
    source.addEventListener("error", again);
  }

  function again() {
    clearTimeout(timer);
    source.close();
    state("reconnecting");
    tries += 1;
    timer = setTimeout(open, Math.min(LONGEST, 500 * 2 ** Math.min(tries, 5)));
  }

  open();
  // A page that was asleep (a closed lid, a phone in a pocket) looks at once.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && source.readyState === EventSource.CLOSED) {
      clearTimeout(timer);
      open();
    }
  });
}

function partsOf(text) {
  try {
    const { parts } = JSON.parse(text);
    return Array.isArray(parts) && parts.length ? parts : null;
  } catch {
    return null;
  }
}
