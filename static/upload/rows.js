// The list of files: one row each, redrawn in its place as the item changes.

import { howFar, size } from "./words.js";

/**
 * @typedef {import("./staging.js").Item} Item
 *
 * What the buttons of a row do.
 * @typedef {object} Acts
 * @property {(item: Item) => void} remove
 * @property {(item: Item) => void} rename
 * @property {(item: Item) => void} retry
 * @property {(item: Item) => void} cancel
 * @property {(item: Item, included: boolean) => void} include
 */

/** @type {Record<string, string>} */
const SAID = { new: "new", replaces: "new version" };
/** @type {["remove" | "rename" | "retry" | "cancel", string][]} */
const BUTTONS = [["remove", "Leave out"], ["rename", "Rename"], ["retry", "Try again"], ["cancel", "Cancel"]];

/**
 * The part of a row that the template marks so.
 * @param {HTMLElement} row
 * @param {string} name
 */
function part(row, name) {
  return /** @type {HTMLElement} */ (row.querySelector(`[data-${name}]`));
}

/** @param {HTMLElement} row */
function box(row) {
  return /** @type {HTMLInputElement} */ (row.querySelector("input[type=checkbox]"));
}

/** @param {Item} item */
function note(item) {
  if (item.problem) return item.problem;
  if (item.isRefused) return `${item.outlook?.note} It will be skipped, the others will be uploaded.`;
  if (item.unchanged) return `${size(item.file.size)} · unchanged, skipped`;
  if (item.state === "pausing") return `${size(item.sent)} of ${size(item.file.size)} · the connection broke off, trying again`;
  if (item.state === "sending") return howFar(item.sent, item.file.size, item.speed);
  const said = [size(item.file.size), SAID[item.outlook?.state ?? ""], item.state === "arrived" ? "sent" : null];
  return [...said.filter(Boolean), ...(item.outlook?.note ? [item.outlook.note] : [])].join(" · ");
}

/** @param {Item} item */
export function draw(item) {
  const { row } = item;
  if (!row) return;
  part(row, "path").textContent = item.path;
  part(row, "note").textContent = note(item);
  const bar = /** @type {HTMLProgressElement} */ (row.querySelector("progress"));
  bar.hidden = !["sending", "pausing", "arrived"].includes(item.state) || !item.isSent;
  bar.value = item.file.size ? item.sent / item.file.size : Number(item.state === "arrived");
  bar.setAttribute("aria-label", item.path);
  row.classList.toggle("refused", item.isRefused || Boolean(item.problem));
  row.classList.toggle("left-out", !item.isSent);
  row.classList.toggle("warned", Boolean(item.outlook?.note) && item.outlook?.state === "new");
  row.classList.toggle("sent", item.state === "arrived");
  const included = box(row);
  included.checked = item.isSent;
  included.disabled = item.isRefused || Boolean(row.closest(".busy"));
  included.setAttribute("aria-label", `Upload ${item.path}`);
  part(row, "retry").hidden = item.state !== "failed";
  part(row, "cancel").hidden = !["sending", "pausing"].includes(item.state);
  for (const [name, words] of BUTTONS) part(row, name).setAttribute("aria-label", `${words} ${item.path}`);
}

/**
 * A row for the item.
 * @param {HTMLTemplateElement} template
 * @param {Item} item
 * @param {Acts} acts
 */
export function make(template, item, acts) {
  const row = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
  item.row = row;
  for (const [name] of BUTTONS) part(row, name).addEventListener("click", () => acts[name](item));
  const included = box(row);
  included.addEventListener("change", () => acts.include(item, included.checked));
  draw(item);
  return row;
}

/**
 * A field in the place of the path; Enter takes it, Escape leaves it.
 * @param {HTMLElement} row
 * @param {Item} item
 * @param {(path: string) => void} taken
 */
export function edit(row, item, taken) {
  const shown = part(row, "path"), field = document.createElement("input");
  field.className = "input input-small mono path-field";
  field.value = item.path;
  field.setAttribute("aria-label", `New path of ${item.path}`);
  let done = false;
  /** @param {string} path */
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
