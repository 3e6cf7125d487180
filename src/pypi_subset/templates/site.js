// The page's own address, for the commands above; left out where a shell could take it for something else.
const here = location.href.replace(/[?#].*/, "").replace(/[^/]*$/, "");
const kind = location.protocol === "file:" ? ".folder" : ".server";
if (/^[A-Za-z0-9._~:/%@-]+$/.test(here))
  for (const place of document.querySelectorAll(kind)) place.textContent = here;
