// Filters the catalogue's table; everything it shows stands in the page already, and nothing is fetched or written.
"use strict";
(() => {
  const search = document.getElementById("search");
  const table = document.getElementById("catalogue");

  // What is folded on a screen is printed in full.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    folded.forEach((part) => { part.open = true; });
  });
  addEventListener("afterprint", () => folded.forEach((part) => { part.open = false; }));

  if (!search || !table) {
    return;
  }
  const words = document.getElementById("words");
  const state = document.getElementById("state");
  const count = document.getElementById("count");
  const nothing = document.getElementById("nothing");
  const plain = (text) => text.normalize("NFKC").toLowerCase();

  // A page may be read long after it was made: an approval that has ended since is not shown as one in force.
  const today = new Date().toISOString().slice(0, 10);
  const rows = [...table.tBodies[0].rows].map((row) => {
    if (["approved", "expiring", "superseded"].includes(row.dataset.state) && row.dataset.ends <= today) {
      const badge = row.querySelector(".badge");
      badge.className = "badge expired";
      badge.replaceChildren("✕ Expired");
      row.dataset.state = "expired";
    }
    return { row, text: plain(`${row.textContent} ${row.dataset.words}`) };
  });

  const filter = () => {
    const wanted = plain(words.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { row, text } of rows) {
      const fits = wanted.every((word) => text.includes(word));
      const kind = state.value === "weak" ? row.dataset.weak === "yes" : !state.value || row.dataset.state === state.value;
      row.hidden = !(fits && kind);
      shown += row.hidden ? 0 : 1;
    }
    count.textContent = `${shown} of ${rows.length} shown`;
    nothing.hidden = shown > 0;
    table.hidden = shown === 0;
  };

  words.addEventListener("input", filter);
  state.addEventListener("change", filter);
  addEventListener("keydown", (event) => {
    const typing = event.target.matches("input, select, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      words.focus();
    } else if (event.key === "Escape" && event.target === words) {
      words.value = "";
      filter();
    }
  });
  search.hidden = false;
  filter(); // a browser that goes back keeps what was typed
})();
