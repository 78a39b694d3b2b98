// Before the first paint: the theme that was chosen last; without a choice the system's, also when that changes.
"use strict";
{
  const system = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    let chosen = null;
    try {
      chosen = localStorage.getItem("scrubber-theme");
    } catch {
      // no storage, no choice
    }
    const known = chosen === "light" || chosen === "dark";
    document.documentElement.dataset.theme = known ? chosen : system.matches ? "dark" : "light";
  };
  system.addEventListener("change", follow);
  follow();
}
