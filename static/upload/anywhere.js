// On a list of files: what is dropped there is taken to the upload page of that folder, which takes the list's place.

import { entriesOf } from "./gathering.js";

const address = document.querySelector("[data-drop-to]").dataset.dropTo;

async function openUploadPage(dropped) {
  const answer = await fetch(address);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!page.getElementById("upload")) { location.assign(address); return; }
  const sheets = [...page.querySelectorAll("link[rel=stylesheet]")];
  const known = new Set([...document.querySelectorAll("link[rel=stylesheet]")].map((sheet) => sheet.href));
  document.head.append(...sheets.filter((sheet) => !known.has(new URL(sheet.getAttribute("href"), location.href).href)));
  document.getElementById("content").replaceWith(page.getElementById("content"));
  document.title = page.title;
  history.pushState(null, "", address);
  addEventListener("popstate", () => location.reload(), { once: true });
  document.getElementById("upload").action = address;
  (await import("./page.js")).start(dropped);
}

function isFiles(event) {
  return [...event.dataTransfer.types].includes("Files");
}

const listening = new AbortController();
const { signal } = listening;
addEventListener("dragover", (event) => {
  if (!isFiles(event)) return;
  event.preventDefault();
  document.body.classList.add("dropping");
}, { signal });
addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("dropping"); }, { signal });
addEventListener("drop", (event) => {
  if (!isFiles(event)) return;
  event.preventDefault();
  document.body.classList.remove("dropping");
  const dropped = entriesOf(event.dataTransfer);
  listening.abort();
  openUploadPage(dropped);
}, { signal });
