// Enlarges a picture, with what stands beside it; the arrow keys go to the one before and the one after.
const large = document.getElementById("large");
const largeShown = large.querySelector(".shown"), largeTold = large.querySelector(".told");
let enlarged = null;

// The first picture of each row or card that is shown now.
const pictured = (from) => [...(from.closest(".rows, .kind, .part") || document).querySelectorAll(".enlarge")].filter((button) => {
  const line = button.closest("tr");
  return button.offsetParent && (!line || line.querySelector(".enlarge") === button);
});

const enlarge = (button) => {
  enlarged = button;
  const line = button.closest("tr, li");
  const buttons = line.tagName === "TR" ? [...line.querySelectorAll(".enlarge")] : [button];
  largeShown.replaceChildren(...buttons.map((one) => {
    const figure = made("figure"), cell = one.closest("td"), seen = cell && cell.querySelector(".seen");
    const img = made("img");
    Object.assign(img, { src: one.querySelector("img").src, alt: "" });
    const words = [buttons.length > 1 || (cell && cell.dataset.label) ? (cell.dataset.label || "On the phone") : "", seen ? seen.textContent : ""];
    figure.append(img, made("figcaption", "", words.filter(Boolean).join(": ")));
    return figure;
  }));
  const words = (name) => [...line.querySelectorAll(name)].map((one) => one.textContent);
  const file = made("b", "", words(".name").join());
  largeTold.replaceChildren(made("span", "soft", words(".folder").join()), file, made("span", "", [...words(".taken"), ...words(".number"), ...words(".facts"), ...words(".why")].filter(Boolean).join(", ")));
  const all = pictured(button), at = all.indexOf(all.find((one) => line.contains(one)));
  large.querySelector(".back").disabled = at <= 0;
  large.querySelector(".on").disabled = at < 0 || at === all.length - 1;
  if (!large.open) large.showModal();
};
const turn = (step) => {
  const all = pictured(enlarged), line = enlarged.closest("tr, li");
  const next = all[all.findIndex((one) => line.contains(one)) + step];
  if (next) enlarge(next);
};

addEventListener("click", (event) => {
  const button = event.target.closest && event.target.closest(".enlarge");
  if (button) enlarge(button);
  else if (event.target === large) large.close(); // beside the picture
});
large.querySelector(".back").addEventListener("click", () => turn(-1));
large.querySelector(".on").addEventListener("click", () => turn(1));
large.querySelector(".close").addEventListener("click", () => large.close());
large.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (step) turn(step);
});
large.addEventListener("close", () => enlarged && enlarged.focus());
