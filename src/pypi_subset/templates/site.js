// Puts the address of the site into commands, and searches the projects; it asks no server for anything but search.js.
const root = document.currentScript.dataset.root;
const here = new URL(root, location.href.replace(/[?#].*/, "")).href;
const kind = location.protocol === "file:" ? ".folder, .site" : ".server, .site";
// Left out where a shell could take a part of the address for something else.
if (/^[A-Za-z0-9._~:/%@-]+$/.test(here))
  for (const place of document.querySelectorAll(kind)) place.textContent = here;

const form = document.querySelector("form[role=search]");
if (form) {
  const most = 50;
  const input = form.querySelector("input");
  const output = form.querySelector("output");
  const found = document.getElementById("found");
  let texts = null;

  const load = () => new Promise((resolve, reject) => {
    if (texts) return resolve();
    const script = document.createElement("script");
    script.src = root + "search.js";
    script.onload = () => {
      texts = PROJECTS.map(([name, , summary]) => [name, (name.replaceAll("-", "") + " " + name + " " + summary).toLowerCase()]);
      resolve();
    };
    script.onerror = reject;
    document.head.append(script);
  });

  // The better a name fits, the smaller the number: the name itself, how it begins, a part of it, the summary.
  const rank = (name, first) => name === first ? 0 : name.startsWith(first) ? 1 : name.includes(first) ? 2 : 3;

  const matches = (said) => {
    const words = said.toLowerCase().split(/\s+/).filter(Boolean);
    const first = words.length ? words[0].replace(/[._]+/g, "-") : "";
    const hits = [];
    texts.forEach(([name, text], number) => {
      if (words.every((word) => text.includes(word) || text.includes(word.replace(/[._-]+/g, "-"))))
        hits.push([rank(name, first), name.length, number]);
    });
    return hits.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]).map((hit) => hit[2]);
  };

  const element = (tag, text, name) => {
    const made = document.createElement(tag);
    if (text) made.textContent = text;
    if (name) made.className = name;
    return made;
  };

  const entry = ([name, versions, summary, license, size, targets, note]) => {
    const item = element("li"), head = element("h2"), link = element("a", name), facts = element("p", "", "facts");
    link.href = root + "project/" + encodeURIComponent(name) + "/index.html";
    head.append(link, " ", element("span", versions, "version"));
    for (const one of [license, size, targets]) if (one) facts.append(element("span", one));
    if (note) facts.append(element("strong", note));
    item.append(head, ...(summary ? [element("p", summary)] : []), facts);
    return item;
  };

  const show = () => {
    const said = input.value.trim();
    found.hidden = !said;
    found.replaceChildren();
    output.textContent = "";
    if (!said || !texts) return;
    const hits = matches(said);
    const list = element("ul", "", "projects");
    list.append(...hits.slice(0, most).map((number) => entry(PROJECTS[number])));
    if (hits.length) found.append(list);
    output.textContent = hits.length > most ? "the first " + most + " of " + hits.length + " projects"
      : hits.length === 1 ? "1 project" : (hits.length || "no") + " projects";
  };

  const failed = () => { output.textContent = "search.js cannot be read: use the list below"; };
  form.hidden = false;
  input.addEventListener("focus", () => load().catch(failed));
  input.addEventListener("input", () => load().then(show, failed));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const first = found.querySelector("a");
    if (first) location.href = first.href;
  });
  if (input.value) load().then(show, failed);
}
