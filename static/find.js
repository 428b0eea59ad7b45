// Files are found while letters are typed; arrows choose one and Enter opens it.

const PAUSE_MS = 120;
const field = /** @type {HTMLInputElement} */ (document.querySelector('input[name="q"]'));
let waiting = 0;
let picked = 0;

function rows() { return [...document.querySelectorAll("#found li")]; }

/** @param {number} number */
function pick(number) {
  const all = rows();
  picked = Math.max(0, Math.min(number, all.length - 1));
  all.forEach((row, place) => row.classList.toggle("picked", place === picked));
  all[picked]?.scrollIntoView({ block: "nearest" });
}

async function findFiles() {
  const asked = field.value;
  const answer = await fetch(`?q=${encodeURIComponent(asked)}`);
  if (!answer.ok || field.value !== asked) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const found = page.getElementById("found");
  if (found) document.getElementById("found")?.replaceWith(found);
  history.replaceState(null, "", `?q=${encodeURIComponent(asked)}`);
  pick(0);
}

field.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(findFiles, PAUSE_MS);
});

field.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    pick(picked + step);
  } else if (event.key === "Enter" && rows()[picked]) {
    event.preventDefault();
    rows()[picked].querySelector("a")?.click();
  }
});

field.setSelectionRange(field.value.length, field.value.length);
pick(0);
if (field.value !== field.defaultValue) findFiles(); // typed before this script was here
