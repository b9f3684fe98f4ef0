// What pages do besides htmx: the token with every request, the end of a job, and choices of duplicates.
(() => {
  "use strict";
  const token = () => localStorage.getItem("auditor-token") ?? "";
  document.addEventListener("htmx:config:request", (event) => {
    event.detail.ctx.request.headers["X-Auditor-Token"] = token();
  });

  // Buttons order nothing before htmx is there to send it; its own listener was the first.
  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("form[hx-post] button")) button.disabled = false;
  });
  document.addEventListener("htmx:error", async () => {
    if (await fetch("/alive").catch(() => null)) return;
    document.getElementById("said").textContent = "Auditor has ended. Start it again; what was begun goes on, and is kept.";
  });

  // A job: when it ends, its page says what it came to.
  const progress = document.getElementById("progress");
  if (progress) {
    const tell = document.getElementById("tell");
    if ("Notification" in window && Notification.permission !== "denied") {
      tell.hidden = Notification.permission === "granted";
      tell.addEventListener("click", async () => { tell.hidden = (await Notification.requestPermission()) === "granted"; });
    }
    const phase = document.getElementById("phase");
    new MutationObserver(() => {
      const now = progress.querySelector(".now")?.dataset.title ?? "";
      if (phase.textContent !== now) phase.textContent = now;
    }).observe(progress, { childList: true });
    progress.addEventListener("ended", () => {
      if ("Notification" in window && Notification.permission === "granted" && document.hidden) {
        new Notification("Auditor", { body: document.querySelector("h1").textContent + ": it is done." });
      }
      location.reload();
    }, { once: true });  // a second one would stop the page that is being loaded
  }

  // Duplicates: their page is a frame that may keep nothing. It says what was chosen; this page has the server keep it.
  const frame = document.querySelector("iframe[data-choices]");
  if (frame) {
    const kept = document.getElementById("kept"), where = frame.dataset.choices;
    const look = document.querySelector(".bar-top button");
    let before = Promise.resolve();
    const keep = async (choices) => {
      look.disabled = true;  // it looks at what is kept
      const answer = await fetch(where, { method: "POST", body: choices, headers: { "X-Auditor-Token": token() } }).catch(() => null);
      kept.textContent = answer?.ok ? "Your choices are kept. Nothing goes before you say so." : "Your choices could not be kept. Load the page again.";
      look.disabled = !answer?.ok;
    };
    window.addEventListener("message", (event) => {
      if (event.source !== frame.contentWindow || typeof event.data !== "object" || event.data === null) return;
      const { auditor, choices } = event.data;
      if (auditor === "choices" && typeof choices === "string") before = before.then(() => keep(choices));
      if (auditor === "ready") tell();
    });
    const tell = async () => {
      const answer = await fetch(where);
      frame.contentWindow.postMessage({ auditor: "chosen", choices: await answer.text() }, "*");
    };
    tell();  // its page may have been ready before this one listened
  }
})();
