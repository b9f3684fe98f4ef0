// Choosing what goes: one group at a time or all in a list, compared large, by mouse or by keys. What is decided is kept
// in the browser and saved as a file for `auditor clean PLAN --choices FILE`. Every text is written as textContent.
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("data").textContent);
  const groups = data.groups, files = data.files;
  if (!groups.length) return;
  const STORE = "auditor-choices-" + data.plan_sha256;
  const number = new Intl.NumberFormat("en");
  const counted = (n, one, more) => number.format(n) + " " + (n === 1 ? one : more);
  const size = (bytes) => {
    if (bytes < 1000) return counted(bytes, "byte", "bytes");
    let amount = bytes, unit = "";
    for (unit of ["kB", "MB", "GB", "TB", "PB"]) {
      amount /= 1000;
      if (amount < 999.5) break;
    }
    return (amount < 9.95 ? amount.toFixed(1) : number.format(Math.round(amount))) + " " + unit;
  };

  // What was chosen: of each file whether it goes, and of each group whether it was decided, or shows different things.
  const START = () => ({ goes: {}, decided: {}, different: {} });
  let chosen = START();
  try { chosen = { ...START(), ...JSON.parse(localStorage.getItem(STORE)) }; } catch { /* nothing was kept, or may be */ }
  const before = [];

  // In `auditor app` this page is a frame that may keep nothing: the page around it does.
  const around = window.parent === window ? null : window.parent;
  const keep = () => {
    try { localStorage.setItem(STORE, JSON.stringify(chosen)); } catch { /* then it lasts as long as the page */ }
    around?.postMessage({ auditor: "choices", choices: JSON.stringify({ ...result(), page: chosen }) }, "*");
  };
  const change = (make, then) => {
    before.push(JSON.stringify(chosen));
    make();
    draw(then);
    keep();
  };
  const wants = (file) => files[file].free && (chosen.goes[file] ?? files[file].goes);
  // Of a group that was called different nothing goes, whatever was suggested.
  const goes = (group, file) => wants(file) && !chosen.different[group.number];
  // What the plan leaves to a person, and no person has decided yet.
  const open = (group, file) => group.asks.includes(file) && !settled(group) && !(file in chosen.goes);
  const asking = (group) => group.asks.some((file) => open(group, file));
  const settled = (group) => Boolean(chosen.decided[group.number]);
  // What stays untouched by the plan is nothing to decide, unless a person does.
  const mine = (group) => group.asks.length > 0 || group.suggested || settled(group) || group.files.some(wants);

  // Files that go: those of decided groups. Why that cannot be, or null.
  const going = () => new Set(groups.filter((g) => settled(g) && !chosen.different[g.number]).flatMap((g) => g.files.filter(wants)));
  const lacking = (file, kept) => {
    const theirs = new Set(files[kept].parts.map((part) => part[1]));
    return files[file].parts.find((part) => !theirs.has(part[1]));
  };
  const trouble = (group) => {
    // Also what goes by it must leave something of the groups that were decided before.
    const gone = new Set([...going(), ...group.files.filter((file) => goes(group, file))]);
    const near = groups.filter((g) => g !== group && settled(g) && g.files.some((file) => group.files.includes(file)));
    return [group, ...near].map((g) => wrong(g, gone)).find(Boolean) ?? null;
  };
  const wrong = (group, gone) => {
    for (const file of group.files) {
      if (!goes(group, file)) continue;
      const staying = group.files.filter((other) => !goes(group, other) && !gone.has(other));
      if (!staying.length) return "At least one file of a group stays.";
      const parts = staying.map((other) => lacking(file, other));
      if (parts.every(Boolean)) return parts[0][0] + " belongs to a file that would go, and no file that stays has it too.";
    }
    return null;
  };

  // The bar.
  const make = (tag, words, more = {}) => Object.assign(document.createElement(tag), { textContent: words ?? "" }, more);
  const button = (words, key, act) => {
    const made = make("button", words, { type: "button", onclick: act });
    if (key) made.title = "Key: " + key;
    return made;
  };
  const bar = document.getElementById("chooser");
  const told = make("p", "", { className: "told" }), said = make("p", "", { className: "said" });
  said.setAttribute("role", "status");
  const WHICH = {
    "all groups": () => true,
    "not decided yet": (g) => mine(g) && !settled(g),
    "your decision": (g) => g.asks.length > 0,
    "suggested to go": (g) => g.suggested,
    "decided": settled,
  };
  const which = make("select"), find = make("input", "", { type: "search", placeholder: "name or folder", autocomplete: "off" });
  for (const words of Object.keys(WHICH)) which.append(make("option", words));
  const labelled = (words, field) => {
    const label = make("label", words + " ");
    label.append(field);
    return label;
  };
  const back = button("‹ Back", "k", () => step(-1)), on = button("Next ›", "j", () => step(1)), at = make("span", "", { className: "at" });
  const list = button("All in a list", "l", () => { single = !single; draw(); });
  const accept = button("", "A", () => acceptAll());
  const undo = button("Undo", "u", () => undone());
  const save = button("Save choices", "s", () => saved());
  const keys = button("? Keys", "?", () => help.showModal());
  const row = (...parts) => {
    const made = make("div", "", { className: "row" });
    made.append(...parts);
    return made;
  };
  bar.append(row(told, accept, undo, save, keys), row(labelled("Show", which), labelled("Find", find), back, at, on, list), said);
  bar.hidden = false;
  which.onchange = find.oninput = () => { current = 0; draw(); };

  // Each group: a button a file, what is decided about it, and the ways to look closer.
  const cards = new Map();
  for (const group of groups) {
    const box = document.querySelector(`.group[data-number="${group.number}"]`);
    group.box = box;
    group.words = [...box.querySelectorAll(".name, .folder")].map((node) => node.textContent).join("\n").toLowerCase();
    let nth = 0;
    for (const card of box.querySelectorAll("li[data-file]")) {
      const file = Number(card.dataset.file), chip = card.querySelector(".chip");
      const is = group.files.includes(file) && files[file].free;
      const pick = is ? button("", String(++nth), () => toggle(group, file)) : null;
      if (pick) {
        pick.className = "pick";
        chip.replaceWith(pick);
      }
      if (!cards.has(group)) cards.set(group, []);
      const because = card.querySelector(".because");
      because.dataset.plan = because.textContent;
      cards.get(group).push({ card, file, pick, nth, because });
      const picture = card.querySelector("img.thumb");
      if (picture) {
        const closer = button("", "", () => compare(group, card));
        closer.className = "look";
        closer.setAttribute("aria-label", "Compare " + card.querySelector(".name").textContent);
        picture.replaceWith(closer);
        closer.append(picture);
      }
    }
    group.state = make("p", "", { className: "state" });
    const decisions = row(
      button("Accept", "Enter", () => decided(group)),
      button("Keep all", "a", () => keepAll(group)),
      button("Not the same", "n", () => notTheSame(group)),
    );
    if (box.querySelector(".look")) decisions.append(button("Compare", "c", () => compare(group)));
    box.append(decisions, group.state);
  }

  let single = true, current = 0, shown = groups;
  const draw = (here = shown[current]) => {
    const words = find.value.toLowerCase();
    shown = groups.filter((group) => WHICH[which.value](group) && group.words.includes(words));
    current = shown.includes(here) ? shown.indexOf(here) : Math.max(0, Math.min(current, shown.length - 1));
    const gone = going(), done = groups.filter(settled).length;
    const ready = groups.filter((g) => g.suggested && !settled(g) && !asking(g));
    told.textContent = `${number.format(done)} of ${counted(groups.filter(mine).length, "group", "groups")} decided: `
      + (gone.size ? `${counted(gone.size, "file goes", "files go")}, ${size([...gone].reduce((sum, file) => sum + files[file].size, 0))}` : "nothing goes yet");
    accept.textContent = ready.length ? `Accept the ${counted(ready.length, "suggestion", "suggestions")}` : groups.some((g) => g.suggested && asking(g)) ? "The rest is yours to decide" : "All suggestions decided";
    accept.hidden = !groups.some((g) => g.suggested);
    accept.disabled = !ready.length;
    undo.disabled = !before.length;
    save.disabled = !done;
    at.textContent = shown.length ? (single ? `${number.format(current + 1)} of ${number.format(shown.length)}` : counted(shown.length, "group", "groups")) : "no group";
    list.textContent = single ? "All in a list" : "One at a time";
    back.hidden = on.hidden = !single;
    back.disabled = current < 1;
    on.disabled = current + 1 >= shown.length;
    const visible = new Set(single ? shown.slice(current, current + 1) : shown);
    document.body.classList.toggle("single", single);
    for (const group of groups) {
      group.box.hidden = !visible.has(group);
      if (visible.has(group)) paint(group, gone);
    }
    for (const section of document.querySelectorAll("main > section.groups")) section.hidden = !section.querySelector(".group:not([hidden])");
  };
  const paint = (group, gone) => {
    for (const { card, file, pick, because } of cards.get(group) ?? []) {
      if (!pick) continue;
      const here = goes(group, file), go = here || gone.has(file), asks = open(group, file);
      pick.textContent = go ? "→ GOES" : asks ? "? YOU DECIDE" : "✓ KEEP";
      pick.setAttribute("aria-pressed", String(go));
      card.className = go ? "goes" : asks ? "asks" : "keep";
      because.textContent = go && !here ? "It goes by another group."
        : chosen.different[group.number] ? "You said that they are not the same."
        : go !== files[file].goes || (group.asks.includes(file) && !asks) ? (go ? "It goes by your choice." : "It stays by your choice.")
        : because.dataset.plan;
    }
    group.state.textContent = chosen.different[group.number] ? "Not the same: nothing goes, and they are not shown together again."
      : settled(group) ? (group.files.some(wants) ? "✓ Decided." : "✓ Decided: all stay.")
      : trouble(group) ?? (mine(group) ? "Not decided: nothing of this group goes." : "Nothing to decide: all stay.");
  };

  // What can be done.
  const say = (words) => { said.textContent = words; };
  const toggle = (group, file) => {
    const go = !goes(group, file);
    change(() => {
      if (chosen.different[group.number]) {  // all stay, but for this one
        for (const other of group.files) chosen.goes[other] = false;
        delete chosen.different[group.number];
        delete chosen.decided[group.number];
      }
      chosen.goes[file] = go;
      const reason = go && trouble(group);
      if (reason) chosen.goes[file] = false;
      say(reason || "");
    });
  };
  const decide = (group, words, make) => {
    change(() => {
      chosen.decided[group.number] = true;
      make();
    }, shown[shown.indexOf(group) + (single ? 1 : 0)] ?? group);
    say(words);
    look();
  };
  const decided = (group) => {
    const reason = trouble(group);
    if (reason) say(reason);
    else decide(group, "", () => {});
  };
  const keepAll = (group) => decide(group, "All of this group stay.", () => {
    for (const file of group.files) chosen.goes[file] = false;
    delete chosen.different[group.number];
  });
  const notTheSame = (group) => decide(group, "Not the same: nothing of this group goes.", () => { chosen.different[group.number] = true; });
  const acceptAll = () => {
    let accepted = 0;
    change(() => {
      for (const group of groups) {
        if (!group.suggested || settled(group) || asking(group) || trouble(group)) continue;
        chosen.decided[group.number] = true;
        accepted++;
      }
    });
    const left = groups.filter((group) => group.suggested && asking(group)).length;
    say(`${counted(accepted, "suggestion", "suggestions")} accepted.` + (left ? ` ${counted(left, "group holds", "groups hold")} something for you to decide as well.` : ""));
  };
  const undone = () => {
    if (!before.length) return;
    chosen = JSON.parse(before.pop());
    keep();
    draw();
    say("Undone.");
  };
  const step = (by) => {
    draw(shown[Math.max(0, Math.min(current + by, shown.length - 1))]);
    look();
  };
  const look = () => { if (single && shown[current]) shown[current].box.focus({ preventScroll: true }); };
  const result = () => ({
    auditor_choices: 1,
    plan_sha256: data.plan_sha256,
    go: [...going()].map((file) => files[file].name),
    different: groups.filter((g) => chosen.different[g.number]).map((g) => g.number),
    decided: groups.filter(settled).map((g) => g.number),
  });
  const saved = () => {
    if (!groups.some(settled)) return;
    const link = make("a", "", { href: URL.createObjectURL(new Blob([JSON.stringify(result(), null, 1)], { type: "application/json" })), download: "choices.json" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    say(`Saved as choices.json. Now run: ${data.command}, with FILE where your browser saved it; --apply does it.`);
  };

  // Two pictures of a group, the one that stays and another one, at the same place and size.
  const VIEWS = ["Side by side", "Split", "Difference", "Blink"];
  const dialog = make("dialog", "", { className: "compare" });
  dialog.setAttribute("aria-label", "Compare two pictures");
  const stage = make("div", "", { className: "stage", tabIndex: 0 }), panes = [make("div"), make("div")], pictures = [make("img"), make("img")];
  stage.setAttribute("aria-label", "The two pictures; drag or use the arrow keys to move them");
  stage.setAttribute("role", "group");
  const names = make("p", "", { className: "names" });
  const zoom = make("input", "", { type: "range", min: "1", max: "8", step: "0.1", value: "1" });
  const split = make("input", "", { type: "range", min: "0", max: "100", value: "50" });
  const splits = labelled("Where they meet", split);
  const views = VIEWS.map((words, nth) => button(words, "v", () => { view = nth; show(); }));
  panes.forEach((pane, nth) => { pane.className = "pane"; pane.append(pictures[nth]); });
  stage.append(...panes);
  dialog.append(row(...views, labelled("Zoom", zoom), splits, button("Other picture", "o", () => other()), button("Close", "Esc", () => dialog.close())), stage, names);
  let view = 0, pair = [], shift = [0, 0], blinking = 0, subject = null;
  const compare = (group, card) => {
    const seen = (cards.get(group) ?? []).filter((one) => one.card.querySelector("img"));
    if (!seen.length) return;
    subject = seen;
    const nth = card ? Math.max(0, seen.findIndex((one) => one.card === card)) : 1;
    pair = [0, Math.min(Math.max(nth, 1), seen.length - 1)];
    zoom.value = "1";
    shift = [0, 0];
    if (!dialog.open) dialog.showModal();
    show();
    stage.focus();
  };
  const other = () => {
    if (subject.length < 3) return;
    pair[1] = pair[1] + 1 < subject.length ? pair[1] + 1 : 1;
    show();
  };
  const show = () => {
    pair.forEach((at, nth) => {
      const { card } = subject[at], name = card.querySelector(".name").textContent;
      pictures[nth].src = card.querySelector("img").src;
      pictures[nth].alt = name;
    });
    const told = pair.map((at) => {
      const { card } = subject[at];
      return make("span", `${card.querySelector(".name").textContent}: ${[...card.querySelectorAll(".facts li")].map((fact) => fact.textContent).join(", ")}`);
    });
    names.replaceChildren(told[0], "  |  ", told[1]);
    views.forEach((one, nth) => one.setAttribute("aria-pressed", String(nth === view)));
    stage.dataset.view = String(view);
    splits.hidden = view !== 1;
    clearInterval(blinking);
    panes[1].style.visibility = "";
    // What is hidden is not named either, so that it is known which of them is seen.
    const blink = (nth) => { panes[1].style.visibility = nth ? "" : "hidden"; told.forEach((one, at) => { one.style.visibility = at === nth ? "" : "hidden"; }); };
    if (view === 3) {
      let nth = 1;
      blink(nth);
      blinking = setInterval(() => blink(nth = 1 - nth), 700);
    }
    move();
  };
  const move = () => {
    const by = Number(zoom.value);
    shift = shift.map((value) => Math.max(-50, Math.min(50, value)) * (by > 1 ? 1 : 0));
    for (const picture of pictures) picture.style.transform = `scale(${by}) translate(${shift[0]}%, ${shift[1]}%)`;
    panes[1].style.clipPath = view === 1 ? `inset(0 0 0 ${split.value}%)` : "";
  };
  zoom.oninput = split.oninput = move;
  dialog.onclose = () => {
    clearInterval(blinking);
    look();
  };
  stage.onwheel = (event) => {
    event.preventDefault();
    zoom.value = String(Number(zoom.value) - Math.sign(event.deltaY) * 0.4);
    move();
  };
  stage.onpointermove = (event) => {
    if (!event.buttons) return;
    const by = Number(zoom.value);
    shift = [shift[0] + (event.movementX / stage.clientWidth / by) * 100, shift[1] + (event.movementY / stage.clientHeight / by) * 100];
    move();
  };

  // Keys.
  const KEYS = [
    ["j or →", "next group"], ["k or ←", "the group before"], ["1 to 9", "that file goes, or stays"],
    ["Enter", "accept this group and go on"], ["a", "keep all of this group"], ["n", "not the same"],
    ["c", "compare; then v: another view, o: another picture, + and -: zoom"], ["A", "accept all suggestions"],
    ["u", "undo"], ["l", "all in a list, or one at a time"], ["f", "find"], ["s", "save the choices"], ["?", "these keys"],
  ];
  const help = make("dialog", "", { className: "keys" });
  const table = make("dl");
  for (const [key, words] of KEYS) table.append(make("dt", key), make("dd", words));
  help.append(make("h2", "Keys"), table, button("Close", "Esc", () => help.close()));
  help.setAttribute("aria-label", "Keys");
  document.body.append(dialog, help);
  const here = () => (single ? shown[current] : shown.find((group) => group.box.contains(document.activeElement)) ?? null);
  const ACTS = {
    j: () => step(1), ArrowRight: () => step(1), k: () => step(-1), ArrowLeft: () => step(-1),
    a: () => here() && keepAll(here()), n: () => here() && notTheSame(here()), c: () => here() && compare(here()),
    A: acceptAll, u: undone, l: () => list.click(), f: () => find.focus(), s: saved, "?": () => help.showModal(),
  };
  const ZOOMED = { ArrowLeft: [5, 0], ArrowRight: [-5, 0], ArrowUp: [0, 5], ArrowDown: [0, -5] };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select")) return;
    if (dialog.open) {
      if (event.key === "v") { view = (view + 1) % VIEWS.length; show(); }
      else if (event.key === "o") other();
      else if (event.key === "+" || event.key === "-") { zoom.value = String(Number(zoom.value) + (event.key === "+" ? 0.5 : -0.5)); move(); }
      else if (event.target === stage && ZOOMED[event.key]) {
        event.preventDefault();
        shift = shift.map((value, axis) => value + ZOOMED[event.key][axis]);
        move();
      }
      return;
    }
    if (help.open) return;
    const group = here();
    if (event.key === "Enter") {
      if (group && !event.target.matches("button, a, summary")) { event.preventDefault(); decided(group); }
    } else if (/^[1-9]$/.test(event.key)) {
      const pick = group && (cards.get(group) ?? []).find((one) => one.pick && one.nth === Number(event.key));
      if (pick) pick.pick.click();
    } else if (ACTS[event.key]) {
      event.preventDefault();
      ACTS[event.key]();
    }
  });
  draw();

  if (around) {
    save.hidden = true;
    for (const link of document.querySelectorAll(".open")) link.hidden = true;  // a frame of the app opens no file
    window.addEventListener("message", (event) => {
      if (event.source !== around || event.data?.auditor !== "chosen") return;
      document.querySelector(".verdict .next")?.setAttribute("hidden", "");  // the page around has a button for it
      for (const code of document.querySelectorAll(".verdict .undo")) code.replaceWith("“Undo”");
      if (before.length) return keep();  // something was chosen meanwhile
      try {
        const kept = JSON.parse(event.data.choices);
        if (kept.plan_sha256 !== data.plan_sha256) return;
        chosen = { ...START(), ...kept.page };
        draw();
      } catch { /* nothing was kept */ }
    });
    around.postMessage({ auditor: "ready" }, "*");
  }
})();
