// Filters what stands on the page; fetches nothing, so that it works from a disk as well.
const form = document.querySelector("form");
if (form) {
  // The policy of the page allows no style that is written into it.
  const rule = new CSSStyleSheet();
  document.adoptedStyleSheets = [rule];
  const rows = [...document.querySelectorAll("#_matrix tr:has(td)")];
  const others = [...document.querySelectorAll("#_red li, #_details tbody tr")];
  // A row is found by the reasons of what is red in it too, and a place under a reason by that reason.
  const reason = (item) => [item, item.closest("article")?.firstElementChild || item];
  const beside = (item) => [...item.querySelectorAll("td a")].map((link) => document.querySelector(link.hash));
  const text = new Map();
  const words = (item) => text.get(item) || text.set(item, [item, ...beside(item)].flatMap(reason)
    .map((one) => one.textContent).concat(item.dataset.target || "").join(" ").toLowerCase()).get(item);
  const show = () => {
    const {words: {value: said}, state: {value: state}, kind: {value: kind}, target} = form.elements;
    const wanted = said.toLowerCase().split(/\s+/);
    const column = target.selectedIndex + 1;
    const proof = kind && '[data-proof="' + CSS.escape(kind) + '"]';
    const cell = "td" + (target.value && ":nth-child(" + column + ")") + " p" + (state && "." + state) + proof;
    const place = (target.value && '[data-target="' + CSS.escape(target.value) + '"]') + (state && "." + state) + proof;
    const found = (item) => wanted.every((word) => words(item).includes(word));
    for (const row of rows) row.hidden = !(row.querySelector(cell) && found(row));
    for (const item of others) item.hidden = !(item.matches("*" + place) && found(item));
    for (const one of document.querySelectorAll("article, #_matrix tbody, #_details > details"))
      one.hidden = !one.querySelector("li:not([hidden]), tr:has(td):not([hidden])");
    rule.replaceSync((target.value && "#_matrix tr > :not(:first-child):not(:nth-child(" + column + ")) {display: none}")
      + (kind && "#_matrix p:not(" + proof + ") {display: none}"));
    form.querySelector("output").textContent = rows.filter((row) => !row.hidden).length + " of " + rows.length
      + " rows";
  };
  form.hidden = false;
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(show));
  show();
}
