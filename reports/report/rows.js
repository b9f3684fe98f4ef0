// Filters, sorts and pages the rows of each kind of finding, as a table or as a grid of pictures: both are the same rows.
// The first ones stand in the page as HTML; the columns of JSON behind them are read when somebody asks for more.
// A table that nobody asked for shows its first rows only, so that the page stays short.
const ROWS_A_PAGE = 100, FIRST_ROWS = 12, PICTURES_A_PAGE = 12, PRINTED = 200, FEW = 6;
const KINDS = ["photo", "video", "sidecar", "other", ""];
const PARTS = { sidecar: "edits, stars and captions of its photo" };

// name folder:DCIM kind:video after:2026-05 before:2026-06 backup:nas -not "two words"
const parsed = (query) => {
  const tests = [];
  for (const [, minus, key, quoted, bare] of query.matchAll(/(-?)(?:(kind|after|before|folder|backup):)?(?:"([^"]*)"|(\S+))/gi)) {
    const word = (quoted ?? bare).toLowerCase();
    if (word) tests.push({ wanted: !minus, key: (key || "").toLowerCase(), word });
  }
  return tests;
};

// The numbers of the rows in the order of their values; equal values stay in the order of their rows.
const sortedBy = (values) => {
  const rows = values.length, largest = values.reduce((a, b) => Math.max(a, b), 0);
  if ((largest + 1) * rows >= Number.MAX_SAFE_INTEGER)
    return Array.from(values.keys()).sort((a, b) => values[a] - values[b] || a - b);
  // Value and row in one number: typed arrays sort these without asking anybody.
  const joined = new Float64Array(rows);
  for (let row = 0; row < rows; row++) joined[row] = values[row] * rows + row;
  return Array.from(joined.sort(), (one) => one % rows);
};

const twoDigits = (text, at) => (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48 || 0;
const minutes = (taken) =>
  ((((twoDigits(taken, 0) * 100 + twoDigits(taken, 2)) * 12 + twoDigits(taken, 5)) * 31 + twoDigits(taken, 8)) * 24 +
    twoDigits(taken, 11)) * 60 + twoDigits(taken, 14);

// What a filter and the sorting need of a kind's rows.
const columnsOf = (id) => {
  const data = stored(id + "--rows"), rows = data.rows;
  const shared = (name) => (row) => data[name] ? data[name + "s"][data[name][row]] : data[name + "s"][0];
  const folder = shared("folder"), backup = shared("backup"), why = shared("why");
  const text = Array.from({ length: rows }, (_, row) => (folder(row) + data.name[row]).toLowerCase());
  const lower = Object.fromEntries(["folder", "backup", "why"].map((name) => [name, data[name + "s"].map((one) => one.toLowerCase())]));
  const at = (name, row) => (data[name] ? data[name][row] : 0);

  const hits = (name, word) => lower[name].map((one) => one.includes(word));
  const test = ({ key, word }) => {
    switch (key) {
      case "kind": {
        const found = KINDS.map((kind) => kind.startsWith(word));
        return (row) => found[data.kind[row]];
      }
      case "after": return (row) => data.taken[row] !== "" && data.taken[row] >= word;
      case "before": return (row) => data.taken[row] !== "" && data.taken[row] < word;
      case "folder":
      case "backup": {
        const found = hits(key, word);
        return (row) => found[at(key, row)];
      }
      default: {
        const found = hits("why", word);
        return (row) => text[row].includes(word) || found[at("why", row)];
      }
    }
  };

  const ranks = (name) => {
    const texts = data[name + "s"], ranked = [];
    texts.map((_, nth) => nth).sort((a, b) => natural.compare(texts[a], texts[b])).forEach((nth, rank) => (ranked[nth] = rank));
    return ranked;
  };
  const byShared = (name) => {
    const ranked = ranks(name);
    return sortedBy(Float64Array.from({ length: rows }, (_, row) => ranked[at(name, row)]));
  };
  const sorts = {
    file: () => {
      const ranked = ranks("folder");
      return all.slice().sort((a, b) =>
        ranked[at("folder", a)] - ranked[at("folder", b)] || natural.compare(data.name[a], data.name[b]) || a - b);
    },
    taken: () => sortedBy(Float64Array.from(data.taken, minutes)),
    size: () => sortedBy(Float64Array.from(data.size, (size) => size ?? 0)),
    why: () => byShared("why"),
    backup: () => byShared("backup"),
  };
  const unknowns = {};
  if (data.taken.includes("")) unknowns.taken = (row) => data.taken[row] === "";
  if (data.size.includes(null)) unknowns.size = (row) => data.size[row] === null;
  const all = Array.from({ length: rows }, (_, row) => row), orders = {};
  const sorted = (name) => (orders[name] ||= sorts[name]());

  return {
    data, folder, backup, why,
    // The rows that fit, in the order asked for; what is not known stands last, both ways.
    chosen: (query, sort, down) => {
      let found = sort ? sorted(sort) : all;
      if (down) found = found.slice().reverse();
      for (const one of parsed(query)) {
        const holds = test(one);
        found = found.filter((row) => holds(row) === one.wanted);
      }
      const unknown = unknowns[sort];
      return unknown ? found.filter((row) => !unknown(row)).concat(found.filter(unknown)) : found;
    },
    // Sorts by everything before anybody asks, one after the other.
    prepare: (columns) => columns.filter((name) => name in sorts).forEach((name) => setTimeout(() => sorted(name))),
  };
};

const rowsOf = (box) => {
  const id = box.dataset.rule, total = Number(box.dataset.rows);
  const body = box.querySelector("tbody"), plain = [...body.rows];
  const columns = new Map([...box.querySelectorAll("thead th")].map((th) => [th.dataset.column, th.textContent]));
  const usual = box.classList.contains("grid");
  const state = { query: "", sort: "", down: false, page: 1, grid: usual, short: !usual && total > FIRST_ROWS };
  let behind = null, rows = null;
  const read = () => (behind ||= columnsOf(id));

  const cell = (line, name, label, ...inside) => {
    const td = line.insertCell();
    td.className = name;
    if (label) td.dataset.label = label;
    td.append(...inside.filter((part) => part !== ""));
  };
  const picture = (line, kind, label, name, [uri, words]) => {
    const parts = [];
    if (uri) {
      const button = made("button", "enlarge"), img = made("img", "thumb");
      Object.assign(button, { type: "button" }).setAttribute("aria-label", "Enlarge " + name);
      button.append(Object.assign(img, { src: uri, alt: "" }));
      parts.push(button);
    }
    if (words) parts.push(made("span", "seen", words));
    cell(line, "picture " + kind, parts.length ? label : "", ...parts);
  };
  const line = (row) => {
    if (row < plain.length) return plain[row];
    const { data, folder, backup, why } = read(), tr = made("tr"), name = data.name[row];
    const own = data.own[row], beside = data.beside[row];
    if (own || beside) tr.className = "pictured";
    if (columns.has("own")) picture(tr, "own", "", name, own || []);
    if (columns.has("beside")) picture(tr, "beside", columns.get("beside"), name, beside || []);
    const parts = folder(row) ? [made("span", "folder", folder(row))] : [];
    parts.push(made("span", "name", name));
    if (PARTS[KINDS[data.kind[row]]]) parts.push(" ", made("span", "is", PARTS[KINDS[data.kind[row]]]));
    if (data.known.includes(row)) parts.push(" ", made("span", "known", "known before"));
    cell(tr, "file", "", ...parts);
    if (columns.has("taken")) cell(tr, "taken", data.taken[row] && "Date", data.taken[row]);
    if (columns.has("size")) cell(tr, "number", data.size[row] === null ? "" : "Size", sizeInWords(data.size[row]));
    if (columns.has("backup")) cell(tr, "text", backup(row) && "Backup", backup(row));
    if (columns.has("why")) cell(tr, "why", "", why(row));
    return tr;
  };

  const tools = box.querySelector(".tools"), input = tools.querySelector("input"), status = tools.querySelector("[role=status]");
  const [back, on] = tools.querySelectorAll(".turn button");
  const [asGrid, asTable] = tools.querySelectorAll(".view button");
  const headers = [...box.querySelectorAll("th[data-sort]")];
  const rest = box.querySelector(".rest.plain-only");
  const more = made("button", "more-rows", total > ROWS_A_PAGE ? "Show more" : "Show all " + inWords.format(total));
  more.type = "button";
  box.querySelector("table").after(more);
  const choose = () => {
    rows = state.query || state.sort ? read().chosen(state.query, state.sort, state.down) : null;
  };
  const draw = (from, to) => {
    const lines = [];
    for (let nth = from; nth < to; nth++) lines.push(line(rows ? rows[nth] : nth));
    body.replaceChildren(...lines);
  };

  const show = () => {
    choose();
    const found = rows ? rows.length : total, size = state.grid ? PICTURES_A_PAGE : ROWS_A_PAGE;
    const pages = Math.max(1, Math.ceil(found / size));
    state.page = Math.min(Math.max(1, state.page), pages);
    const from = (state.page - 1) * size, to = state.short ? FIRST_ROWS : Math.min(from + size, found);
    box.classList.toggle("grid", state.grid);
    draw(from, to);
    const all = found === total ? "" : " (of " + inWords.format(total) + ")";
    status.textContent = found ? (pages > 1 ? inWords.format(from + 1) + " to " + inWords.format(to) + " of " : "") + inWords.format(found) + all : "nothing fits the filter";
    back.disabled = state.page === 1;
    on.disabled = state.page === pages;
    back.parentElement.hidden = pages === 1 || state.short;
    more.hidden = !state.short;
    for (const th of headers) {
      if (th.dataset.sort === state.sort) th.setAttribute("aria-sort", state.down ? "descending" : "ascending");
      else th.removeAttribute("aria-sort");
    }
    if (asGrid) {
      asGrid.setAttribute("aria-pressed", state.grid);
      asTable.setAttribute("aria-pressed", !state.grid);
    }
  };
  const opened = () => !usual && total > FIRST_ROWS && !state.query && !state.sort;
  const remember = () => {
    const words = new URLSearchParams();
    if (state.query) words.set("q", state.query);
    if (state.sort) words.set("sort", (state.down ? "-" : "") + state.sort);
    if (state.page > 1 || opened()) words.set("page", state.page);
    if (state.grid !== usual) words.set("view", state.grid ? "pictures" : "table");
    const tail = words.toString();
    history.replaceState(null, "", "#" + id + (tail && "?" + tail));
  };
  const change = (changes) => {
    Object.assign(state, { short: false }, changes);
    show();
    remember();
  };

  for (const th of headers) {
    // On paper the head is repeated on every page, and there a button is not painted.
    const button = made("button", "", th.textContent);
    button.type = "button";
    button.addEventListener("click", () => change({ sort: th.dataset.sort, down: state.sort === th.dataset.sort && !state.down, page: 1 }));
    th.replaceChildren(made("span", "print-only", th.textContent), button);
  }
  input.addEventListener("input", () => change({ query: input.value, page: 1 }));
  back.addEventListener("click", () => change({ page: state.page - 1 }));
  on.addEventListener("click", () => change({ page: state.page + 1 }));
  more.addEventListener("click", () => {
    change({});
    const next = body.rows[FIRST_ROWS]; // where the reader was: the button is gone
    next.tabIndex = -1;
    next.focus();
  });
  if (asGrid) {
    asGrid.addEventListener("click", () => change({ grid: true, page: 1 }));
    asTable.addEventListener("click", () => change({ grid: false, page: 1 }));
  }
  const prepare = () => total > ROWS_A_PAGE && setTimeout(() => read().prepare([...columns.keys()]));
  for (const near of ["focusin", "pointerenter"]) box.addEventListener(near, prepare, { once: true });
  box.classList.toggle("few", total < FEW);
  tools.hidden = total < FEW && !asGrid;
  if (rest) rest.hidden = true;
  show();

  return {
    restore: (words) => {
      const sort = words.get("sort") || "", column = sort.replace(/^-/, ""), view = words.get("view");
      input.value = words.get("q") || "";
      Object.assign(state, {
        query: input.value, sort: headers.some((th) => th.dataset.sort === column) ? column : "", down: sort.startsWith("-"),
        page: Number(words.get("page")) || 1, short: !usual && total > FIRST_ROWS && !words.toString(), grid: asGrid ? (view ? view === "pictures" : usual) : false,
      });
      show();
    },
    print: () => {
      if (rest) rest.hidden = false;
      box.classList.remove("grid");
      choose();
      draw(0, Math.min(PRINTED, rows ? rows.length : total));
    },
    show: () => {
      if (rest) rest.hidden = true;
      show();
    },
  };
};

const allRows = new Map([...document.querySelectorAll(".rows")].map((box) => [box.dataset.rule, rowsOf(box)]));
