"use strict";
// Before anything is drawn: the colours that the reader has chosen here, if any.
try {
  const chosen = localStorage.getItem("rltune-theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
} catch { /* no storage: the system's preference stays */ }
