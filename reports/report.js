// Filters, sorts and pages the tables of findings. Everything it writes is textContent: a file name is never markup.
// Each section's rows are columns of JSON; only the rows of one page are ever in the document.
(() => {
  "use strict";
  const PAGE = 100, PRINTED = 200, FEW = 6;
  const KINDS = ["photo", "video", "sidecar", "other", ""];
  const data = JSON.parse(document.getElementById("data").textContent);
  // What is shown of a row's file and of its damaged copy: a picture, words on what can be seen of it, or both.
  const pictures = (kind, behind) => {
    const found = new Map(Object.entries(behind));
    for (const td of document.querySelectorAll("td.picture." + kind)) {
      const img = td.querySelector("img"), seen = td.querySelector(".seen");
      if (img || seen) found.set(td.dataset.row, [img ? img.src : "", seen ? seen.textContent : ""]);
    }
    return found;
  };
  const thumbs = pictures("own", data.thumbs), copies = pictures("copy", data.copies);

  const number = new Intl.NumberFormat("en");
  const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

  const size = (bytes) => {
    if (bytes === null) return "";
    if (bytes < 1000) return bytes + (bytes === 1 ? " byte" : " bytes");
    let amount = bytes, unit = "";
    for (unit of ["kB", "MB", "GB", "TB", "PB"]) {
      amount /= 1000;
      if (amount < 999.5) break;
    }
    return (amount < 9.95 ? amount.toFixed(1) : number.format(Math.round(amount))) + " " + unit;
  };

  // name folder:DCIM kind:video after:2026-05 before:2026-06 backup:nas -not "two words"
  const parse = (query) => {
    const tests = [];
    for (const [, minus, key, quoted, bare] of query.matchAll(/(-?)(?:(kind|after|before|folder|backup):)?(?:"([^"]*)"|(\S+))/gi)) {
      const word = (quoted ?? bare).toLowerCase();
      if (word) tests.push({ wanted: !minus, key: (key || "").toLowerCase(), word });
    }
    return tests;
  };

  const table = (section, rule) => {
    const body = section.querySelector("tbody");
    const of = (name) => (row) => rule[name + "s"][rule[name][row]];
    const folder = of("folder"), backup = of("backup");
    const why = (row) => of("why")(row).replaceAll("\0", rule.name[row]);
    const path = (row) => folder(row) + rule.name[row];
    const known = new Set(rule.known);
    // Shared texts are compared once each, not once a row.
    const ranks = {};
    const ranked = (name) => (row) => {
      if (!ranks[name]) {
        const texts = rule[name + "s"], sorted = texts.map((_, at) => at).sort((a, b) => order.compare(texts[a], texts[b]));
        ranks[name] = [];
        sorted.forEach((at, rank) => (ranks[name][at] = rank));
      }
      return ranks[name][rule[name][row]];
    };
    const keys = { file: path, taken: (row) => rule.taken[row], size: (row) => rule.size[row], why: ranked("why"), backup: ranked("backup") };
    const state = { query: "", sort: "", down: false, page: 1 };
    let rows = Array.from({ length: rule.rows }, (_, row) => row);
    let text = null;

    const holds = (row, test) => {
      switch (test.key) {
        case "kind": return KINDS[rule.kind[row]].startsWith(test.word);
        case "after": return rule.taken[row] !== "" && rule.taken[row] >= test.word;
        case "before": return rule.taken[row] !== "" && rule.taken[row] < test.word;
        case "folder": return folder(row).toLowerCase().includes(test.word);
        case "backup": return backup(row).toLowerCase().includes(test.word);
        default: return text[row].includes(test.word);
      }
    };

    const choose = () => {
      const tests = parse(state.query);
      if (tests.length && !text) text = Array.from({ length: rule.rows }, (_, row) => (path(row) + "\n" + why(row)).toLowerCase());
      rows = [];
      for (let row = 0; row < rule.rows; row++) if (tests.every((test) => holds(row, test) === test.wanted)) rows.push(row);
      if (!state.sort) return;
      const values = rows.map(keys[state.sort]), turn = state.down ? -1 : 1;
      const compare = state.sort === "file" ? order.compare : (a, b) => (a < b ? -1 : a > b ? 1 : 0);
      const nothing = (value) => value === null || value === "";
      const places = rows.map((_, at) => at).sort((a, b) => {
        const x = values[a], y = values[b];
        if (nothing(x) || nothing(y)) return nothing(x) - nothing(y) || a - b; // unknown last, both ways
        return turn * compare(x, y) || a - b;
      });
      rows = places.map((at) => rows[at]);
    };

    const cell = (line, name, label, ...inside) => {
      const td = line.insertCell();
      td.className = name;
      if (label) td.dataset.label = label;
      td.append(...inside.filter((part) => part !== ""));
    };
    const span = (name, content) => {
      const made = document.createElement("span");
      made.className = name;
      made.textContent = content;
      return made;
    };
    const columns = new Set([...section.querySelectorAll("thead th")].map((th) => th.dataset.column));

    const line = (row) => {
      const tr = document.createElement("tr");
      const picture = (kind, label, found) => {
        const [uri, words] = found || ["", ""];
        const img = document.createElement("img");
        if (uri) Object.assign(img, { src: uri, alt: "", className: "thumb" });
        cell(tr, "picture " + kind, found && label, uri ? img : "", words && span("seen", words));
      };
      const own = thumbs.get(rule.id + " " + row);
      tr.className = own ? "pictured" : "";
      if (columns.has("picture")) picture("own", "", own);
      if (columns.has("copy")) picture("copy", "Damaged copy", copies.get(rule.id + " " + row));
      const parts = [span("folder", folder(row)), span("name", rule.name[row])];
      if (!folder(row)) parts.shift();
      if (known.has(row)) parts.push(" ", span("known", "known before"));
      cell(tr, "file", "", ...parts);
      if (columns.has("taken")) cell(tr, "taken", rule.taken[row] && "Taken", rule.taken[row]);
      if (columns.has("size")) cell(tr, "number", rule.size[row] === null ? "" : "Size", size(rule.size[row]));
      if (columns.has("backup")) cell(tr, "text", backup(row) && "Backup", backup(row));
      cell(tr, "why", "", why(row));
      return tr;
    };

    const draw = (from, to) => body.replaceChildren(...rows.slice(from, to).map(line));

    const tools = section.querySelector(".tools");
    const input = tools.querySelector("input");
    const status = tools.querySelector("[role=status]");
    const [back, on] = tools.querySelectorAll("button");
    const headers = [...section.querySelectorAll("th[data-sort]")];

    const show = () => {
      choose();
      const pages = Math.max(1, Math.ceil(rows.length / PAGE));
      state.page = Math.min(Math.max(1, state.page), pages);
      const from = (state.page - 1) * PAGE, to = Math.min(from + PAGE, rows.length);
      draw(from, to);
      const all = rows.length === rule.rows ? "" : " (of " + number.format(rule.rows) + ")";
      status.textContent = rows.length ? "rows " + number.format(from + 1) + " to " + number.format(to) + " of " + number.format(rows.length) + all : "nothing fits the filter";
      back.disabled = state.page === 1;
      on.disabled = state.page === pages;
      back.hidden = on.hidden = pages === 1;
      for (const th of headers) {
        if (th.dataset.sort === state.sort) th.setAttribute("aria-sort", state.down ? "descending" : "ascending");
        else th.removeAttribute("aria-sort");
      }
    };

    const remember = () => {
      const words = new URLSearchParams();
      if (state.query) words.set("q", state.query);
      if (state.sort) words.set("sort", (state.down ? "-" : "") + state.sort);
      if (state.page > 1) words.set("page", state.page);
      const tail = words.toString();
      history.replaceState(null, "", "#" + rule.id + (tail && "?" + tail));
    };
    const change = (changes) => {
      Object.assign(state, changes);
      show();
      remember();
    };

    for (const th of headers) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = th.textContent;
      button.addEventListener("click", () => change({ sort: th.dataset.sort, down: state.sort === th.dataset.sort && !state.down, page: 1 }));
      th.replaceChildren(button);
    }
    input.addEventListener("input", () => change({ query: input.value, page: 1 }));
    back.addEventListener("click", () => change({ page: state.page - 1 }));
    on.addEventListener("click", () => change({ page: state.page + 1 }));
    tools.hidden = rule.rows < FEW;
    const rest = section.querySelector(".rest.plain-only");
    if (rest) rest.hidden = true;
    if (rule.rows > PAGE) show();
    else status.textContent = number.format(rule.rows) + " rows", back.hidden = on.hidden = true;

    return {
      restore: (words) => {
        const sort = words.get("sort") || "";
        const column = sort.replace(/^-/, "");
        input.value = words.get("q") || "";
        Object.assign(state, { query: input.value, sort: headers.some((th) => th.dataset.sort === column) ? column : "", down: sort.startsWith("-"), page: Number(words.get("page")) || 1 });
        show();
      },
      print: () => {
        if (rest) rest.hidden = false;
        choose();
        draw(0, PRINTED);
      },
      show: () => {
        if (rest) rest.hidden = true;
        show();
      },
    };
  };

  const tables = new Map();
  for (const rule of data.rules) {
    const section = document.getElementById(rule.id);
    if (section && section.querySelector("tbody.findings")) tables.set(rule.id, table(section.querySelector(".rows"), rule));
  }

  const follow = () => {
    const [id, tail] = location.hash.slice(1).split(/\?(.*)/s);
    const section = id && document.getElementById(id);
    if (!section) return;
    const details = section.querySelector("details.rows");
    if (details && tail) details.open = true;
    if (!tail) return;
    if (tables.has(id)) tables.get(id).restore(new URLSearchParams(tail));
    section.scrollIntoView();
  };
  addEventListener("hashchange", follow);
  follow();

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const details of closed) details.open = true;
    for (const each of tables.values()) each.print();
  });
  addEventListener("afterprint", () => {
    for (const details of closed) details.open = false;
    for (const each of tables.values()) each.show();
  });

  // j and k go from one group of duplicates to the next and back.
  const groups = [...document.querySelectorAll(".group")];
  addEventListener("keydown", (event) => {
    if (!groups.length || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input")) return;
    const step = { j: 1, k: -1 }[event.key];
    if (!step) return;
    const at = groups.indexOf(document.activeElement.closest(".group"));
    const next = groups[Math.min(Math.max(at + step, 0), groups.length - 1)];
    const details = next.closest("details");
    if (details) details.open = true;
    next.focus();
    next.scrollIntoView({ block: "center" });
  });
})();
