// The list of files: one row each, redrawn in its place as the item changes.

import { howFar, size } from "./words.js";

const SAID = { new: "new", replaces: "new version" };

function note(item) {
  if (item.problem) return item.problem;
  if (item.isRefused) return `${item.outlook.note} It will be skipped, the others will be uploaded.`;
  if (item.unchanged) return `${size(item.file.size)} · unchanged, skipped`;
  if (item.state === "pausing") return `${size(item.sent)} of ${size(item.file.size)} · the connection broke off, trying again`;
  if (item.state === "sending") return howFar(item.sent, item.file.size, item.speed);
  const said = [size(item.file.size), SAID[item.outlook?.state], item.state === "arrived" ? "sent" : null];
  return [...said.filter(Boolean), ...(item.outlook?.note ? [item.outlook.note] : [])].join(" · ");
}

export function draw(item) {
  const { row } = item;
  if (!row) return;
  row.querySelector("[data-path]").textContent = item.path;
  row.querySelector("[data-note]").textContent = note(item);
  const bar = row.querySelector("progress");
  bar.hidden = !["sending", "pausing", "arrived"].includes(item.state) || !item.isSent;
  bar.value = item.file.size ? item.sent / item.file.size : Number(item.state === "arrived");
  bar.setAttribute("aria-label", item.path);
  row.classList.toggle("refused", item.isRefused || Boolean(item.problem));
  row.classList.toggle("left-out", !item.isSent);
  row.classList.toggle("warned", Boolean(item.outlook?.note) && item.outlook.state === "new");
  row.classList.toggle("sent", item.state === "arrived");
  const box = row.querySelector("input[type=checkbox]");
  box.checked = item.isSent;
  box.disabled = item.isRefused || Boolean(row.closest(".busy"));
  box.setAttribute("aria-label", `Upload ${item.path}`);
  row.querySelector("[data-retry]").hidden = item.state !== "failed";
  row.querySelector("[data-cancel]").hidden = !["sending", "pausing"].includes(item.state);
  for (const [part, words] of [["remove", "Leave out"], ["rename", "Rename"], ["retry", "Try again"], ["cancel", "Cancel"]]) {
    row.querySelector(`[data-${part}]`).setAttribute("aria-label", `${words} ${item.path}`);
  }
}

// A row for the item; `acts` are what its buttons do.
export function make(template, item, acts) {
  const row = template.content.firstElementChild.cloneNode(true);
  item.row = row;
  for (const part of ["remove", "rename", "retry", "cancel"]) {
    row.querySelector(`[data-${part}]`).addEventListener("click", () => acts[part](item));
  }
  row.querySelector("input[type=checkbox]").addEventListener("change", (event) => acts.include(item, event.target.checked));
  draw(item);
  return row;
}

// A field in the place of the path; Enter takes it, Escape leaves it.
export function edit(item, taken) {
  const shown = item.row.querySelector("[data-path]"), field = document.createElement("input");
  field.className = "input input-small mono path-field";
  field.value = item.path;
  field.setAttribute("aria-label", `New path of ${item.path}`);
  let done = false;
  const end = (path) => {
    if (done) return;
    done = true;
    field.replaceWith(shown);
    taken(path);
  };
  field.addEventListener("blur", () => end(field.value.trim()));
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") { event.preventDefault(); end(field.value.trim()); }
    if (event.key === "Escape") end(item.path);
  });
  shown.replaceWith(field);
  field.focus();
  field.setSelectionRange(field.value.lastIndexOf("/") + 1, field.value.length);
}
