// What the page remembers in the browser, and nowhere else.
(() => {
  const KEY = "bakehouse.path";
  const STEPS = 4;
  const root = document.documentElement;
  const read = () => {
    try { return JSON.parse(localStorage.getItem(KEY)) || []; } catch { return []; }
  };
  const write = (value) => {
    try { localStorage.setItem(KEY, JSON.stringify(value)); } catch { /* a private window keeps nothing */ }
  };
  const walked = read();
  if (walked === "closed" || walked.length >= STEPS) { root.classList.add("bh-path-closed"); }

  document.addEventListener("click", (event) => {
    if (event.target.closest('[data-close="path"]')) {
      root.classList.add("bh-path-closed");
      write("closed");
    }
    const step = event.target.closest(".bh-path [data-step]");
    if (step) {
      const steps = new Set([].concat(read()).concat(step.dataset.step));
      steps.delete("closed");
      write([...steps]);
    }
  });

  // A reload leads back to the tab: it stands in the address once a person has moved.
  const TABS = ["search", "data", "train", "scores", "compare"];
  let moved = false;
  for (const kind of ["pointerdown", "keydown"]) {
    document.addEventListener(kind, () => { moved = true; }, { capture: true });
  }
  const keepTab = () => {
    const tab = document.querySelector('#tabs [role="tab"][aria-selected="true"]')?.textContent.trim().toLowerCase();
    const address = new URL(window.location);
    if (!moved || !TABS.includes(tab) || address.searchParams.get("tab") === tab) { return; }
    address.searchParams.set("tab", tab);
    history.replaceState(history.state, "", address);
  };
  new MutationObserver(keepTab).observe(root, { subtree: true, attributeFilter: ["aria-selected"] });

  // What is too much is refused before it is sent; the server holds the same limits.
  const refuseUpload = (event) => {
    const place = event.target.closest?.("#files");
    const limits = document.querySelector("#upload-limits");
    if (!place || !limits) { return; }
    const files = [...((event.type === "drop" ? event.dataTransfer?.files : event.target.files) ?? [])];
    const bytes = files.reduce((sum, file) => sum + file.size, 0);
    const told = files.length > Number(limits.dataset.files) ? limits.dataset.many.replace("{found}", files.length.toLocaleString("en"))
      : bytes > Number(limits.dataset.bytes) ? limits.dataset.large.replace("{found}", `${Math.ceil(bytes / 1e6).toLocaleString("en")} MB`)
        : "";
    const shown = document.querySelector("#upload-refused");
    shown.textContent = told;
    shown.className = told ? "bh-error" : "";
    if (told) {
      event.preventDefault();
      event.stopImmediatePropagation();
      if (event.type === "change") { event.target.value = ""; }
    }
  };
  document.addEventListener("change", refuseUpload, { capture: true });
  document.addEventListener("drop", refuseUpload, { capture: true });

  // A search can be sent to somebody else: its question and corpus stand in the address.
  window.bakehouse = {
    remember(question, corpus, model) {
      const address = new URL(window.location);
      const parts = { q: question, corpus, model };
      for (const [name, value] of Object.entries(parts)) {
        if (value) { address.searchParams.set(name, value); } else { address.searchParams.delete(name); }
      }
      history.replaceState(history.state, "", address);
    },
  };
})();
