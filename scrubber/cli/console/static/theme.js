// Before the first paint: the theme that was chosen last; without a choice the system decides.
"use strict";
try {
  const chosen = localStorage.getItem("scrubber-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // no storage, no choice
}
