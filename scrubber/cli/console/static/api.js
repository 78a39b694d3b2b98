// Questions to the console. The token, where one is needed, is asked for once and stays in this tab.

import { byId, show } from "./dom.js";

const KEPT = "scrubber-token";
const SENDABLE = /^[ -~]+$/; // what a header may hold
let token = kept();

export class Refused extends Error {
  constructor(problems) {
    super(problems.join("; "));
    this.problems = problems;
  }
}

/** The answer, parsed. Throws Refused with what is wrong; asks for the token as often as it takes. */
export async function ask(path, body, signal) {
  for (;;) {
    const response = await fetch(path, options(body, signal)).catch((error) => {
      if (error.name === "AbortError") throw error;
      throw new Refused(["The console does not answer."]);
    });
    if (response.status === 401) {
      await signIn();
      continue;
    }
    const answer = await response.json().catch((error) => {
      if (error.name === "AbortError") throw error;
      throw new Refused([`The console answered ${response.status}.`]);
    });
    if (!response.ok) throw new Refused(answer.problems);
    return answer;
  }
}

function options(body, signal) {
  const headers = token === null ? {} : { Authorization: `Bearer ${token}` };
  if (body === undefined) return { headers, signal };
  return { method: "POST", headers: { ...headers, "Content-Type": "application/json" }, body: JSON.stringify(body), signal };
}

let signingIn = null;

function signIn() {
  signingIn ??= new Promise((resolve) => {
    const dialog = byId("sign-in");
    show(byId("refused"), token !== null);
    const form = byId("sign-in-form");
    const submit = (event) => {
      event.preventDefault();
      const typed = byId("token").value.trim();
      byId("token").value = "";
      if (!SENDABLE.test(typed)) {
        show(byId("refused"), true);
        return;
      }
      token = typed;
      keep(token);
      form.removeEventListener("submit", submit);
      dialog.close();
      signingIn = null;
      resolve();
    };
    form.addEventListener("submit", submit);
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.showModal();
  });
  return signingIn;
}

function kept() {
  try {
    return sessionStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

function keep(value) {
  try {
    sessionStorage.setItem(KEPT, value);
  } catch {
    // asked for again after a reload
  }
}
