// What belongs to the page as a whole: links into folded parts, printing, and the keys j and k.
const follow = () => {
  const [id, tail] = location.hash.slice(1).split(/\?(.*)/s);
  const target = id && document.getElementById(id);
  if (!target) return;
  for (let up = target; up; up = up.parentElement) {
    if (up.tagName === "DETAILS") up.open = true;
    if (openPanel[up.id]) openPanel[up.id]();
  }
  if (tail && allRows.has(id)) allRows.get(id).restore(new URLSearchParams(tail));
  target.scrollIntoView();
};
addEventListener("hashchange", follow);
document.querySelector("nav").addEventListener("click", (event) => {
  // A link to what the address names already changes nothing there.
  if (event.target.closest("a")) setTimeout(follow);
});
follow();

// Of a command that has a button: what that is called, and where it is; empty of what no button does.
const named = (command, known) => {
  const [, name, places] = /^auditor ([a-z]+)((?: "[^"]*"| '[^']*'| (?!-)\S+)*)$/.exec(command.replace(/ --copy-by-hand$/, "")) ?? [];
  const words = name && Object.hasOwn(known, name) ? known[name] : "";
  const place = /"[^"]*"|'[^']*'|\S+/.exec(places ?? "");
  return place ? words.replace("{}", () => place[0].replace(/^(["'])(.*)\1$/, "$2")) : words.replace(/ \([^()]*\{\}[^()]*\)/, "");
};

// In the app the page around this one has a button for what is to be done: its words stand for the command.
addEventListener("message", (event) => {
  if (parent === window || event.source !== parent || event.data?.auditor !== "around") return;
  const around = { verdict: ".verdict .word, .verdict h1, .verdict p.small:not(.stays)", next: "p.next", go: "p.go" };
  for (const what of String(event.data.instead).split(" ").filter((one) => Object.hasOwn(around, one))) {
    for (const said of document.querySelectorAll(around[what])) said.hidden = true;
  }
  for (const section of document.querySelectorAll("section.verdict")) section.hidden = [...section.children].every((one) => one.hidden);
  const buttons = new Map(Object.entries(event.data.buttons ?? {}));
  for (const code of document.querySelectorAll("main code")) {
    const said = code.textContent;
    const words = buttons.has(said) ? "“" + buttons.get(said) + "”" : named(said, event.data.commands ?? {});
    if (!words) continue;
    const before = code.previousSibling;
    if (before?.nodeType === Node.TEXT_NODE) before.data = before.data.replace(/\brun $/, "press ").replace(/\bRun $/, "Press ");
    if (code.nextElementSibling?.matches(".copy")) {
      code.nextElementSibling.remove();
      code.nextSibling.remove();  // the space before it
    }
    code.replaceWith(made("b", "", words));
  }
});

let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  for (const details of folded) details.open = true;
  for (const rows of allRows.values()) rows.print();
});
addEventListener("afterprint", () => {
  for (const details of folded) details.open = false;
  for (const rows of allRows.values()) rows.show();
});

const groups = [...document.querySelectorAll(".group")];
addEventListener("keydown", (event) => {
  if (!groups.length || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, dialog")) return;
  const step = { j: 1, k: -1 }[event.key];
  if (!step) return;
  const at = groups.indexOf(document.activeElement.closest(".group"));
  const next = groups[Math.min(Math.max(at + step, 0), groups.length - 1)];
  for (let up = next; up; up = up.parentElement) if (up.tagName === "DETAILS") up.open = true;
  next.focus();
  next.scrollIntoView({ block: "center" });
});
