// Puts the address of the site into commands, and searches the projects; it asks no server for anything but search.js.
const root = document.currentScript.dataset.root;
const here = new URL(root, location.href.replace(/[?#].*/, "")).href;
const kind = location.protocol === "file:" ? ".folder, .site" : ".server, .site";
// Left out where a shell could take a part of the address for something else.
if (/^[A-Za-z0-9._~:/%@-]+$/.test(here))
  for (const place of document.querySelectorAll(kind)) place.textContent = here;

const form = document.querySelector("form[role=search]");
if (form) {
  const most = 30;
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

  // The numbers of what fits best, and how many fit.
  const matches = (said) => {
    const words = said.toLowerCase().split(/\s+/).filter(Boolean).map((word) => [word, word.replace(/[._-]+/g, "-")]);
    const first = words[0][1];
    const groups = [[], [], [], []];
    texts.forEach(([name, text], number) => {
      if (words.every(([word, plain]) => text.includes(word) || text.includes(plain)))
        groups[rank(name, first)].push(number);
    });
    const best = [];
    for (const group of groups)
      if (best.length < most) best.push(...group.sort((a, b) => texts[a][0].length - texts[b][0].length || a - b).slice(0, most));
    return [best.slice(0, most), groups.reduce((sum, group) => sum + group.length, 0)];
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
    const [best, count] = matches(said);
    const list = element("ul", "", "projects");
    list.append(...best.map((number) => entry(PROJECTS[number])));
    if (count) found.append(list);
    output.textContent = count > most ? "the first " + most + " of " + count + " projects"
      : count === 1 ? "1 project" : (count || "no") + " projects";
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
