// Panels behind tabs: arrow keys, Home and End go from one to the next. Without this script all panels are shown.
const tabsOf = (panels) => {
  const list = made("div", "tabs");
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", panels[0].parentElement.dataset.label || "Reasons");
  const tabs = panels.map((panel) => {
    const tab = made("button", "", panel.dataset.label);
    if (panel.dataset.count) tab.append(" ", made("b", "", panel.dataset.count));
    Object.assign(tab, { type: "button", id: panel.id + "--tab" });
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", panel.id);
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", tab.id);
    tab.addEventListener("click", () => choose(tab));
    return tab;
  });
  const choose = (chosen) => tabs.forEach((tab, nth) => {
    tab.setAttribute("aria-selected", tab === chosen);
    tab.tabIndex = tab === chosen ? 0 : -1;
    panels[nth].classList.toggle("behind", tab !== chosen);
  });
  list.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(event.target);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const tab = tabs[(to + tabs.length) % tabs.length];
    choose(tab);
    tab.focus();
  });
  list.append(...tabs);
  panels[0].before(list);
  choose(tabs[0]);
  return Object.fromEntries(panels.map((panel, nth) => [panel.id, () => choose(tabs[nth])]));
};

const openPanel = {};
for (const box of document.querySelectorAll(".panels")) {
  const panels = [...box.children].filter((child) => child.classList.contains("panel"));
  if (panels.length > 1) Object.assign(openPanel, tabsOf(panels));
}
