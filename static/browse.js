// Files and versions: last changes that follow, lines to link to, addresses that stay.

/** @param {HTMLElement} place */
async function follow(place) {
  const answer = await fetch(place.dataset.follows ?? "");
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const whole = page.getElementById(place.id);
  if (whole) place.replaceWith(whole);
}

/** @param {Element | null} row */
function lineNumber(row) { return Number(row?.id?.match(/^L(\d+)$/)?.[1]); }

function chosenLines() {
  const match = location.hash.match(/^#L(\d+)(?:-L?(\d+))?$/);
  if (!match) return null;
  const ends = [Number(match[1]), Number(match[2] ?? match[1])].sort((one, other) => one - other);
  return { first: ends[0], last: ends[1] };
}

/**
 * Loads the page of the text that has this line, where it is another one.
 * @param {number} line
 */
function goToPageOf(line) {
  const code = /** @type {HTMLElement | null} */ (document.querySelector("[data-page-lines]"));
  if (!code || document.getElementById(`L${line}`) || line > Number(code.dataset.lines)) return false;
  const options = new URLSearchParams(location.search);
  options.delete("line");
  const page = String(Math.ceil(line / Number(code.dataset.pageLines)));
  if (options.get("page") === page) return false;
  options.set("page", page);
  location.replace(`?${options}${location.hash}`);
  return true;
}

/** @param {{ scroll: boolean }} how */
function showChosenLines({ scroll }) {
  for (const row of document.querySelectorAll("tr.chosen")) row.classList.remove("chosen");
  const lines = chosenLines();
  if (!lines) return;
  for (let number = lines.first; number <= lines.last; number += 1) {
    const row = document.getElementById(`L${number}`);
    if (!row) break;
    row.classList.add("chosen");
  }
  if (scroll && goToPageOf(lines.first)) return;
  if (scroll) document.getElementById(`L${lines.first}`)?.scrollIntoView({ block: "center" });
}

// With Shift, from the line that was chosen before to this one.
document.addEventListener("click", (event) => {
  const link = /** @type {Element} */ (event.target).closest(".line-number a");
  if (!link) return;
  const number = lineNumber(link.closest("tr"));
  const before = chosenLines();
  const hash = event.shiftKey && before
    ? `#L${Math.min(before.first, number)}-L${Math.max(before.first, number)}` : `#L${number}`;
  event.preventDefault();
  history.replaceState(null, "", hash);
  showChosenLines({ scroll: false });
});

document.addEventListener("click", (event) => {
  const button = /** @type {Element} */ (event.target).closest("[data-copy-lines]");
  if (!button) return;
  const lines = chosenLines();
  const rows = [...document.querySelectorAll(".code tr[id]")]
    .filter((row) => !lines || (lineNumber(row) >= lines.first && lineNumber(row) <= lines.last));
  const text = rows.map((row) => row.querySelector("td.line")?.textContent).join("\n");
  navigator.clipboard.writeText(text).then(() => {
    const label = /** @type {Element} */ (button.querySelector("[data-label]"));
    label.textContent = "Copied";
    setTimeout(() => { label.textContent = "Copy"; }, 2000);
  });
});

document.addEventListener("click", (event) => {
  const zoom = /** @type {Element} */ (event.target).closest("[data-zoom]");
  if (!zoom || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  zoom.closest(".media")?.classList.toggle("zoomed");
});

// The key t: go to a file. The key y: the address of this very version, which stays when the branch moves on.
document.addEventListener("keydown", (event) => {
  const typing = /** @type {Element} */ (event.target).closest("input, textarea, select, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const find = /** @type {HTMLElement | null} */ (document.querySelector("[data-find]"));
  if (event.key === "t" && find) {
    event.preventDefault();
    find.click();
  }
  const place = /** @type {HTMLElement | null} */ (document.querySelector("[data-permalink]"));
  if (event.key === "y" && place) history.replaceState(null, "", place.dataset.permalink + location.search + location.hash);
});

// The changes of a file that come when it is opened; the link in their place leads to a page of them alone.
/** @param {HTMLDetailsElement} file */
async function fill(file) {
  const link = /** @type {HTMLAnchorElement | null} */ (file.querySelector("[data-on-demand]"));
  if (!link || !file.open || link.dataset.asked) return;
  link.dataset.asked = "yes";
  const answer = await fetch(link.href).catch(() => null);
  const page = new DOMParser().parseFromString(answer?.ok ? await answer.text() : "", "text/html");
  const found = page.querySelector(".changed-file");
  if (!found) { delete link.dataset.asked; return; }
  found.querySelector("summary")?.remove();
  link.parentElement?.replaceWith(...found.childNodes);
  file.dispatchEvent(new Event("filled", { bubbles: true }));
}

function openChosenFile() {
  const file = location.hash.startsWith("#file-") && document.getElementById(location.hash.slice(1));
  if (file) /** @type {HTMLDetailsElement} */ (file).open = true;
}

document.addEventListener("toggle", (event) => {
  const file = /** @type {HTMLDetailsElement} */ (event.target);
  if (file.matches(".changed-file")) fill(file);
}, true);
window.addEventListener("hashchange", openChosenFile);
openChosenFile();

window.addEventListener("hashchange", () => showChosenLines({ scroll: true }));
// Diagrams in documents stay text on pages without scripts; what draws them is large and comes where there are some.
const { diagrams } = /** @type {HTMLScriptElement} */ (document.currentScript).dataset;
if (diagrams && document.querySelector("pre.mermaid")) import(diagrams);

/** @type {NodeListOf<HTMLElement>} */
const following = document.querySelectorAll("[data-follows]");
for (const place of following) follow(place);
/** @type {NodeListOf<HTMLElement>} */
const copying = document.querySelectorAll("[data-copy-lines]");
for (const button of copying) button.hidden = !navigator.clipboard;
showChosenLines({ scroll: true });
