// On a list of files: what is dropped there is taken to the upload page of that folder, which takes the list's place.

import { entriesOf } from "./gathering.js";

const address = /** @type {HTMLElement} */ (document.querySelector("[data-drop-to]")).dataset.dropTo ?? "";

/** @param {import("./gathering.js").Dropped} dropped */
async function openUploadPage(dropped) {
  const answer = await fetch(address);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const content = page.getElementById("content");
  const form = /** @type {HTMLFormElement | null} */ (page.getElementById("upload"));
  if (!content || !form) { location.assign(address); return; }
  const known = new Set(sheetsOf(document).map((sheet) => sheet.href));
  document.head.append(...sheetsOf(page).filter((sheet) => {
    const written = sheet.getAttribute("href") ?? "";
    return !known.has(new URL(written, location.href).href);
  }));
  document.getElementById("content")?.replaceWith(content);
  document.title = page.title;
  history.pushState(null, "", address);
  addEventListener("popstate", () => location.reload(), { once: true });
  form.action = address;
  (await import("./page.js")).start(dropped);
}

/**
 * @param {Document} page
 * @returns {HTMLLinkElement[]}
 */
function sheetsOf(page) {
  return [...page.querySelectorAll(/** @type {"link"} */ ("link[rel=stylesheet]"))];
}

/**
 * What is dragged, where it is files.
 * @param {DragEvent} event
 */
function filesOf(event) {
  const dragged = event.dataTransfer;
  return dragged?.types.includes("Files") ? dragged : null;
}

const listening = new AbortController();
const { signal } = listening;
addEventListener("dragover", (event) => {
  if (!filesOf(event)) return;
  event.preventDefault();
  document.body.classList.add("dropping");
}, { signal });
addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("dropping"); }, { signal });
addEventListener("drop", (event) => {
  const files = filesOf(event);
  if (!files) return;
  event.preventDefault();
  document.body.classList.remove("dropping");
  const dropped = entriesOf(files);
  listening.abort();
  openUploadPage(dropped);
}, { signal });
