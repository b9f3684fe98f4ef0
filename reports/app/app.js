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
  const perhapsEnded = async () => {
    if (await fetch("/alive").catch(() => null)) return;
    document.getElementById("said").textContent = "Auditor has ended. Start it again; what was begun goes on, and is kept.";
  };
  document.addEventListener("htmx:error", perhapsEnded);
  document.addEventListener("htmx:sse:error", perhapsEnded);  // of a stream: a job's page asks for nothing else

  // A job: when it ends, its page says what it came to.
  const progress = document.getElementById("progress");
  if (progress) {
    const tell = document.getElementById("tell");
    if ("Notification" in window && Notification.permission !== "denied") {
      tell.hidden = Notification.permission === "granted";
      tell.addEventListener("click", async () => { tell.hidden = (await Notification.requestPermission()) === "granted"; });
    }
    const phase = document.getElementById("phase"), stop = document.getElementById("stop");
    new MutationObserver(() => {
      const now = progress.querySelector(".now")?.dataset.title ?? "";
      if (phase.textContent !== now) phase.textContent = now;
      if (!progress.querySelector(".stopping")) return;
      stop.disabled = true;
      stop.textContent = "Stopping…";
    }).observe(progress, { childList: true });
    progress.addEventListener("ended", () => {
      if ("Notification" in window && Notification.permission === "granted" && document.hidden) {
        new Notification("Auditor", { body: document.querySelector("h1").textContent + ": it has ended." });
      }
      location.reload();
    }, { once: true });  // a second one would stop the page that is being loaded
  }

  // Pictures: why one is not shown; and one alone, with those before and after it.
  const large = document.getElementById("large");
  if (large) {
    const links = [...document.querySelectorAll("a.picture")];
    // A browser has six lines to this server: three at a time are asked for, of what can be seen, so that no click waits.
    const wanted = new Set();
    let asked = 0;
    const ask = () => {
      for (const img of wanted) {
        if (asked === 3) return;
        asked++;
        wanted.delete(img);
        near.unobserve(img);
        img.src = img.dataset.src;
      }
    };
    const near = new IntersectionObserver((seen) => {
      for (const { target, isIntersecting } of seen) isIntersecting ? wanted.add(target) : wanted.delete(target);
      ask();
    }, { rootMargin: "300px" });
    for (const link of links) {
      const img = link.querySelector("img");
      const answered = () => { asked--; ask(); };
      const none = async () => {
        link.classList.add("none");
        link.setAttribute("aria-label", "No picture of " + link.parentElement.querySelector(".name").textContent);
        const unshown = document.getElementById("unshown");
        if (unshown.textContent) return;
        const answer = await fetch(img.src).catch(() => null);
        if (answer && !answer.ok) unshown.textContent = await answer.text();
      };
      img.addEventListener("load", answered);
      img.addEventListener("error", () => none().finally(answered));
      near.observe(img);
      link.addEventListener("click", (event) => {
        event.preventDefault();
        if (!link.classList.contains("none")) show(links.indexOf(link));
      });
    }
    let at = 0, whole = new Image();
    const show = (number) => {
      if (!links[number]) return;
      at = number;
      const small = links[at].querySelector("img"), img = large.querySelector("img");
      small.complete && small.src ? img.src = small.src : img.removeAttribute("src");
      whole.onload = whole.onerror = null;
      whole.src = "";  // of the one before no more is wanted
      whole = new Image();
      const larger = document.getElementById("larger");
      larger.textContent = "The large picture is being made…";
      whole.onload = () => { img.src = whole.src; larger.textContent = ""; };
      whole.onerror = () => { larger.textContent = "The large picture cannot be shown."; };
      whole.src = links[at].href;
      large.querySelector(".told").textContent = [...links[at].parentElement.querySelectorAll("p")].map((one) => one.textContent).join(": ");
      large.querySelector("[data-turn='-1']").disabled = !at;
      large.querySelector("[data-turn='1']").disabled = at === links.length - 1;
      if (!large.open) large.showModal();
      if (document.activeElement.disabled) large.querySelector("[data-turn='0']").focus();  // keys are heard inside only
    };
    for (const button of large.querySelectorAll("button")) {
      button.addEventListener("click", () => button.dataset.turn === "0" ? large.close() : show(at + Number(button.dataset.turn)));
    }
    large.addEventListener("click", (event) => { if (event.target === large) large.close(); });
    large.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step) show(at + step);
    });
    large.addEventListener("close", () => { whole.onerror = null; whole.src = ""; links[at].focus(); });
  }

  // A report: this page has the buttons for what it says to type.
  const report = document.querySelector("iframe[data-around]");
  if (report) {
    const [buttons, commands] = [report.dataset.buttons, report.dataset.commands].map((one) => JSON.parse(one));
    const around = () => report.contentWindow.postMessage({ auditor: "around", instead: report.dataset.around, buttons, commands }, "*");
    report.addEventListener("load", around);
    around();  // it may have been loaded before
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
