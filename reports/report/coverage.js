// The numbers of a bar of the plot, when it has the focus or the pointer; the arrow keys go from bar to bar.
for (const plot of document.querySelectorAll("svg.plot")) {
  const bars = [...plot.querySelectorAll(".bar")], reading = plot.parentElement.querySelector(".reading");
  const usual = "Point at a bar, or go there with the arrow keys, for its numbers.";
  const tell = (bar) => (reading.textContent = bar ? bar.getAttribute("aria-label") : usual);
  reading.hidden = false;
  tell(null);
  bars.forEach((bar, nth) => {
    bar.setAttribute("tabindex", nth ? -1 : 0);
    bar.querySelector("title").remove(); // the line below says it at once
    for (const event of ["focus", "pointerenter"]) bar.addEventListener(event, () => tell(bar));
    for (const event of ["blur", "pointerleave"]) bar.addEventListener(event, () => tell(null));
  });
  plot.addEventListener("keydown", (event) => {
    const at = bars.indexOf(event.target);
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: bars.length - 1 }[event.key];
    if (at < 0 || to === undefined || !bars[to]) return;
    event.preventDefault();
    bars[at].setAttribute("tabindex", -1);
    bars[to].setAttribute("tabindex", 0);
    bars[to].focus();
  });
}
