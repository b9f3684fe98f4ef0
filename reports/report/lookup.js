// One search over every file of the phone. Its columns are read when somebody begins to look.
const lookup = document.getElementById("every-file");
const asking = lookup.querySelector(".asking"), asked = asking.querySelector("input");
const answers = lookup.querySelector(".answers"), answered = asking.querySelector("[role=status]");
const MOST_ANSWERS = 30;
let files = null;
const readFiles = () => {
  if (files) return files;
  files = stored("every-file--rows");
  // A column in which all files say the same is that one value.
  files.of = (column, row) => (Array.isArray(files[column]) ? files[column][row] : files[column]);
  files.text = files.name.map((name, row) => (files.folders[files.of("folder", row)] + name).toLowerCase());
  return files;
};

const answer = (row) => {
  const { folders, backups, details, verdicts, kinds, statuses, name, of } = readFiles(), item = made("li");
  const verdict = of("verdict", row), backup = of("backup", row), folder = folders[of("folder", row)];
  const where = backup < 0 ? "" : "in " + backups[backup] + " as " + folders[of("at", row)] + (of("as", row) || name[row]);
  const said = [[statuses[of("status", row)], where].filter(Boolean).join(": "), details[of("detail", row)]].filter(Boolean).join("; ");
  item.append(made("span", "badge " + kinds[verdict], verdicts[verdict]), " ", made("span", "folder", folder), made("b", "name", name[row]), made("span", "said", said));
  return item;
};

const search = () => {
  const words = asked.value.toLowerCase().split(/\s+/).filter(Boolean), found = [];
  let number = 0;
  if (words.length) {
    const { text } = readFiles();
    for (let row = 0; row < text.length; row++) {
      if (words.every((word) => text[row].includes(word)) && number++ < MOST_ANSWERS) found.push(row);
    }
  }
  answers.replaceChildren(...found.map(answer));
  const shown = number > MOST_ANSWERS ? ", the first " + MOST_ANSWERS + " are shown" : "";
  answered.textContent = !words.length ? "" : number ? inWords.format(number) + (number === 1 ? " file" : " files") + shown : "no file has that in its name or folder";
};
asking.hidden = false;
asked.addEventListener("focus", () => setTimeout(readFiles), { once: true });
asked.addEventListener("input", search);
