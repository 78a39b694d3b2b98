// Which page is shown, and in which theme.

import { ask } from "./api.js";
import { byId, show, tellTrouble } from "./dom.js";
import { startLive, stopLive } from "./live.js";
import { startPlayground } from "./playground.js";

const PAGES = ["playground", "live"];
let hasWorker = false;

function turn() {
  const page = PAGES.includes(location.hash.slice(1)) ? location.hash.slice(1) : PAGES[0];
  for (const name of PAGES) show(byId(name), name === page);
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.page === page) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (page === "live") startLive(hasWorker);
  else stopLive();
}

function isDark() {
  return document.documentElement.dataset.theme === "dark";
}

function showTheme() {
  const button = byId("theme");
  button.textContent = isDark() ? "☾" : "☀";
  button.setAttribute("aria-pressed", String(isDark()));
}

function switchTheme() {
  const chosen = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = chosen;
  try {
    localStorage.setItem("scrubber-theme", chosen);
  } catch {
    // holds until the page is left
  }
  showTheme();
}

byId("theme").addEventListener("click", switchTheme);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showTheme); // after theme.js has followed it
showTheme();
try {
  const setup = await ask("/api/setup");
  byId("version").textContent = setup.version;
  hasWorker = setup.live;
  startPlayground(setup);
  addEventListener("hashchange", turn);
  turn();
} catch (error) {
  tellTrouble(error.problems ?? ["This page could not start."]);
}
document.documentElement.dataset.ready = "";
