// Files are found while letters are typed; arrows choose one and Enter opens it.

const PAUSE_MS = 120;
const field = document.querySelector('input[name="q"]');
let waiting = 0;
let picked = 0;

function rows() { return [...document.querySelectorAll("#found li")]; }

function pick(number) {
  const all = rows();
  picked = Math.max(0, Math.min(number, all.length - 1));
  all.forEach((row, place) => row.classList.toggle("picked", place === picked));
  all[picked]?.scrollIntoView({ block: "nearest" });
}

async function find() {
  const asked = field.value;
  const answer = await fetch(`?q=${encodeURIComponent(asked)}`);
  if (!answer.ok || field.value !== asked) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.getElementById("found").replaceWith(page.getElementById("found"));
  history.replaceState(null, "", `?q=${encodeURIComponent(asked)}`);
  pick(0);
}

field.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(find, PAUSE_MS);
});

field.addEventListener("keydown", (event) => {
  const steps = { ArrowDown: 1, ArrowUp: -1 };
  if (event.key in steps) {
    event.preventDefault();
    pick(picked + steps[event.key]);
  } else if (event.key === "Enter" && rows()[picked]) {
    event.preventDefault();
    rows()[picked].querySelector("a").click();
  }
});

field.setSelectionRange(field.value.length, field.value.length);
pick(0);
