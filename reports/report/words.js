// How the page writes numbers and sizes, as auditor/words.py does, and makes elements. Everything that is written is
// textContent: a file name is never markup.
const inWords = new Intl.NumberFormat("en");
const natural = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

const sizeInWords = (bytes) => {
  if (bytes === null) return "";
  if (bytes < 1000) return bytes + (bytes === 1 ? " byte" : " bytes");
  let amount = bytes, unit = "";
  for (unit of ["kB", "MB", "GB", "TB", "PB"]) {
    amount /= 1000;
    if (amount < 999.5) break;
  }
  return (amount < 9.95 ? amount.toFixed(1) : inWords.format(Math.round(amount))) + " " + unit;
};

const made = (tag, name, content = "") => {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (content) element.textContent = content;
  return element;
};

const stored = (id) => {
  const found = document.getElementById(id);
  return found ? JSON.parse(found.textContent) : null;
};
