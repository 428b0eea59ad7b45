// Bars of long work: each asks how far the work is, once a second, until it has ended.

const EVERY_MS = 1000;
const PATIENT_MS = 10000;

/**
 * What the server says of a piece of work.
 * @typedef {{ state: string, total: number | null, done: number, words: string, message: string, has_ended: boolean }} Work
 */

/**
 * @param {HTMLElement} place
 * @param {Work} work
 */
function show(place, work) {
  const bar = /** @type {HTMLProgressElement} */ (place.querySelector("progress"));
  if (work.state === "finished") {
    bar.max = 1;
    bar.value = 1;
  } else if (work.total) {
    bar.max = work.total;
    bar.value = work.done;
  }
  /** @type {Element} */ (place.querySelector("[data-words]")).textContent = work.words;
  const message = /** @type {HTMLElement} */ (place.querySelector("[data-message]"));
  if (message.textContent !== work.message) message.textContent = work.message;
  message.hidden = !work.message;
}

/** @param {HTMLElement} place */
async function ask(place) {
  const answer = await fetch(place.dataset.work ?? "", { headers: { Accept: "application/json" } });
  if (answer.status >= 400 && answer.status < 500) return true; // gone, or not ours to see any more
  if (!answer.ok) throw new Error(answer.statusText);
  const work = /** @type {Work} */ (await answer.json());
  show(place, work);
  if (work.has_ended && "reload" in place.dataset) location.reload();
  return work.has_ended;
}

/** @param {HTMLElement} place */
function watch(place) {
  ask(place).then(
    (ended) => { if (!ended) setTimeout(watch, document.hidden ? PATIENT_MS : EVERY_MS, place); },
    () => setTimeout(watch, PATIENT_MS, place),
  );
}

/** @type {NodeListOf<HTMLElement>} */
const underWay = document.querySelectorAll("[data-work]:not([data-ended])");
for (const place of underWay) watch(place);
