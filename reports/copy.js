// A button beside each whole command of the verdict, which copies it.
for (const code of document.querySelectorAll(".verdict .next code, .go code, .stays code")) {
  if (!/^auditor \S+ \S+/.test(code.textContent)) continue; // without its places it is no whole command
  const button = Object.assign(document.createElement("button"), { className: "copy", textContent: "Copy", type: "button" });
  button.setAttribute("aria-label", "Copy " + code.textContent);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code); // then Ctrl-C does it
      button.textContent = "Selected";
    }
  });
  code.after(" ", button);
}
