// The upload page: what is staged, what the server says of it, the files on their way, and then one version.

import { entriesOf, fromClipboard, fromDrop, fromInput } from "./gathering.js";
import { lookAhead } from "./preflight.js";
import * as rows from "./rows.js";
import { Staged } from "./staging.js";
import { Transfers } from "./transfers.js";
import { counted, howFar, mebibytes, messageOf, size } from "./words.js";

/**
 * @typedef {import("./staging.js").Item} Item
 * @typedef {import("./gathering.js").Found} Found
 *
 * @typedef {HTMLInputElement | HTMLTextAreaElement} Field
 *
 * @typedef {HTMLFormElement & { elements: Record<"csrf_token" | "branch" | "path" | "message" | "new_branch", Field> }} UploadForm
 *
 * Where the server stored the version, or why it did not.
 * @typedef {{ location?: string, detail?: string, files?: { problem?: string }[] }} Told
 */

const LISTED = 300;
const TOLD = 5;
const LOOKED_EVERY_MS = 2000;
const LOOKED_FOR_MS = 10000;
const inOrder = new Intl.Collator("en", { numeric: true });

/**
 * The page's element of this id, which has to be of this class.
 * @template {HTMLElement} T
 * @param {string} id
 * @param {{ new (): T }} kind
 * @returns {T}
 */
function part(id, kind) {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new TypeError(`The page has no ${kind.name} ${id}.`);
}

function findParts() {
  return {
    files: part("files", HTMLInputElement),
    folder: part("folder", HTMLInputElement),
    staged: part("staged", HTMLElement),
    "staged-list": part("staged-list", HTMLElement),
    "staged-sum": part("staged-sum", HTMLElement),
    "staged-empty": part("staged-empty", HTMLElement),
    outer: part("outer", HTMLElement),
    "outer-name": part("outer-name", HTMLElement),
    unwrap: part("unwrap", HTMLButtonElement),
    "staged-rest": part("staged-rest", HTMLElement),
    "staged-row": part("staged-row", HTMLTemplateElement),
    whole: part("whole", HTMLElement),
    "whole-bar": part("whole-bar", HTMLProgressElement),
    "whole-label": part("whole-label", HTMLElement),
    "whole-note": part("whole-note", HTMLElement),
    trouble: part("trouble", HTMLElement),
    "trouble-text": part("trouble-text", HTMLElement),
    message: part("message", HTMLTextAreaElement),
    path: part("path", HTMLInputElement),
    send: part("send", HTMLButtonElement),
    cancel: part("cancel", HTMLButtonElement),
    back: part("back", HTMLAnchorElement),
    said: part("said", HTMLElement),
  };
}

class Page {
  /** @param {UploadForm} form */
  constructor(form) {
    this.form = form;
    this.parts = findParts();
    this.limit = Number(form.dataset.versionLimit);
    this.staged = new Staged();
    this.verb = form.dataset.verb ?? "Upload";
    this.idle = form.dataset.idle ?? this.verb;
    const to = { token: form.elements.csrf_token.value, endpoint: form.dataset.uploads ?? "/api/v1/uploads" };
    this.transfers = new Transfers(to, (item) => this.progressed(item));
    this.room = Infinity;
    this.busy = false;
    this.looking = false;
    this.over = "";
    this.asked = 0;
    /** @type {number | null} */
    this.drawing = null;
    this.proposed = this.usual = this.parts.message.value;
  }

  /** @param {Found[] | Promise<Found[]>} gathered */
  async add(gathered) {
    try {
      this.staged.add(await gathered);
    } catch {
      this.complain("Some of what you dropped could not be read. Look at the list, or choose it again by the buttons.");
    }
    this.list();
    await this.look();
  }

  // Ask the server about all that is staged; only the last answer counts.
  async look() {
    const number = this.asked += 1;
    this.looking = true;
    this.refresh();
    try {
      const room = await lookAhead(this.form, this.staged.items);
      if (number !== this.asked) return;
      this.room = room;
      this.complain("");
    } catch (error) {
      if (number !== this.asked) return;
      this.complain(messageOf(error) || "The server does not answer. Your files are still listed.");
    }
    this.looking = false;
    this.list();
    this.parts.said.textContent = this.parts["staged-sum"].textContent;
  }

  // Refused files first, so that they are seen; the others in the order of their paths.
  list() {
    const items = [...this.staged.items].sort((a, b) => Number(b.isRefused) - Number(a.isRefused) || inOrder.compare(a.path, b.path));
    for (const item of items.slice(LISTED)) item.row = null;
    const made = items.slice(0, LISTED).map((item) => item.row ?? rows.make(this.parts["staged-row"], item, this.acts));
    this.parts["staged-list"].replaceChildren(...made);
    this.parts.staged.hidden = items.length === 0;
    this.parts["staged-rest"].hidden = items.length <= LISTED;
    this.parts["staged-rest"].textContent = `and ${counted(items.length - LISTED, "more file")}`;
    for (const item of items) rows.draw(item);
    this.tellEmptyFolders();
    const outer = this.parts.path.value ? "" : this.staged.outerFolder;
    this.parts.outer.hidden = !outer;
    this.parts["outer-name"].textContent = outer.slice(0, -1);
    this.refresh();
  }

  tellEmptyFolders() {
    const empty = [...this.staged.emptyFolders].sort(inOrder.compare);
    const named = `${empty.slice(0, TOLD).join(", ")}${empty.length > TOLD ? " and others" : ""}`;
    this.parts["staged-empty"].hidden = empty.length === 0;
    this.parts["staged-empty"].textContent = `Left out: ${counted(empty.length, "empty folder")} (${named}), since Git keeps files only.`;
  }

  // The files by their paths in the one folder that all of them lie in.
  unwrap() {
    const outer = this.staged.outerFolder;
    for (const item of this.staged.items) item.path = item.path.slice(outer.length);
    this.list();
    this.look();
  }

  refresh() {
    const items = this.staged.sendable;
    const left = this.staged.items.length - items.length;
    this.parts["staged-sum"].textContent = `${counted(items.length, "file")}, ${size(this.staged.bytes)}${left ? `; ${left.toLocaleString("en")} left out` : ""}`;
    const label = /** @type {Element} */ (this.parts.send.querySelector("[data-label]"));
    label.textContent = items.length ? `${this.verb} ${counted(items.length, "file")}` : this.idle;
    this.propose(items);
    const over = this.overLimit();
    if (over || this.over) this.complain(over);
    this.over = over;
    this.parts.send.disabled = this.busy || this.looking || items.length === 0 || Boolean(over);
  }

  overLimit() {
    const bytes = this.staged.bytes;
    if (bytes > this.limit) {
      return `Together these files have ${mebibytes(bytes)}; one version may bring ${mebibytes(this.limit)}. Leave some out and upload them next.`;
    }
    return bytes > this.room
      ? `Together these files have ${mebibytes(bytes)}, and the project's owner has room for ${mebibytes(this.room)} more. Leave some out, or have the owner free some room: the page Storage among their settings tells what takes it.`
      : "";
  }

  /** @param {Item[]} items */
  propose(items) {
    if (this.parts.message.value !== this.proposed) return;
    const updates = items.filter((item) => item.outlook?.state === "replaces").length;
    const tops = new Set(items.map((item) => item.path.split("/")[0]));
    const [first] = tops;
    const word = updates === items.length ? "Update" : "Add";
    if (items.length === 0) this.proposed = this.usual;
    else if (items.length === 1) this.proposed = `${word} ${items[0].path}`;
    else if (tops.size === 1) this.proposed = `${word} ${first} (${counted(items.length, "file")})`;
    else if (updates && updates < items.length) this.proposed = `Add ${counted(items.length - updates, "file")} and update ${counted(updates, "file")}`;
    else this.proposed = `${word} ${counted(items.length, "file")}`;
    this.parts.message.value = this.proposed;
  }

  /** @returns {rows.Acts} */
  get acts() {
    return {
      remove: (item) => { item.own?.abort(new Error("Cancelled.")); item.transfer?.giveUp(); this.staged.remove(item); this.list(); this.look(); },
      rename: (item) => { if (item.row) rows.edit(item.row, item, (path) => this.rename(item, path)); },
      retry: (item) => { if (this.busy) this.transfers.again(item); else this.send(); },
      cancel: (item) => { Object.assign(item, { included: false, cancelled: true }); item.own?.abort(new Error("Left out.")); this.refresh(); },
      include: (item, included) => { Object.assign(item, { included, touched: true, cancelled: false }); this.list(); },
    };
  }

  /**
   * @param {Item} item
   * @param {string} path
   */
  rename(item, path) {
    if (path && path !== item.path) {
      item.path = path;
      this.list();
      this.look();
    }
    /** @type {HTMLElement | null | undefined} */ (item.row?.querySelector("[data-rename]"))?.focus();
  }

  /** @param {string} text */
  complain(text) {
    this.parts.trouble.hidden = !text;
    this.parts["trouble-text"].textContent = text;
  }

  async send() {
    const items = this.staged.sendable;
    if (this.busy || items.length === 0) return;
    this.setBusy(true);
    this.complain("");
    this.parts["whole-label"].textContent = `Sending ${counted(items.length, "file")}`;
    const arrived = await this.transfers.run(items);
    const sent = items.filter((item) => item.isSent);
    if (arrived && sent.length) await this.commit(sent);
    else this.fail(items);
  }

  /** @param {Item[]} items */
  fail(items) {
    this.setBusy(false);
    this.list();
    const failed = items.filter((item) => item.state === "failed").length;
    this.complain(failed
      ? `${counted(failed, "file")} could not be sent, so nothing was stored yet. What has arrived is kept: try again.`
      : "Cancelled; nothing was stored. What has arrived is kept for a day.");
  }

  /** @param {Item} item */
  progressed(item) {
    rows.draw(item);
    if (this.drawing) return;
    this.drawing = requestAnimationFrame(() => { this.drawing = null; this.showWhole(); });
  }

  showWhole() {
    const items = this.staged.sendable, total = this.staged.bytes;
    const sent = items.reduce((sum, item) => sum + item.sent, 0);
    const speed = this.transfers.pace.at(sent);
    if (!this.parts["whole-bar"].hasAttribute("value") && sent === total) return;
    this.parts["whole-bar"].value = total ? sent / total : 1;
    this.parts["whole-note"].textContent = howFar(sent, total, speed);
  }

  /** @param {Item[]} items */
  async commit(items) {
    this.parts["whole-label"].textContent = "Storing the new version";
    this.parts["whole-bar"].removeAttribute("value");
    this.parts["whole-note"].textContent = "";
    const data = new FormData(this.form);
    data.delete("files");
    data.set("uploads", JSON.stringify(items.map((item) => ({ upload: item.upload, path: item.path }))));
    data.set("skipped", JSON.stringify(this.staged.skipped));
    const headers = { Accept: "application/json" };
    const asked = performance.now();
    try {
      const answer = await fetch(this.form.action, { method: "POST", headers, body: data });
      const told = /** @type {Told} */ (await answer.json());
      if (answer.status === 201 && told.location) this.leave(items, told.location);
      else this.refuse(items, told);
    } catch {
      await this.findOut(items, performance.now() - asked);
    }
  }

  /**
   * The answer was lost, after so many milliseconds: a line that broke, or a router that waits less than a large version takes.
   * @param {Item[]} items
   * @param {number} waited
   */
  async findOut(items, waited) {
    this.parts["whole-note"].textContent = "This takes longer than usual; nothing is lost, and you need not do anything.";
    const ends = performance.now() + Math.max(LOOKED_FOR_MS, 4 * waited);
    while (performance.now() < ends) {
      if (await items[0].transfer?.isStored().catch(() => false)) { this.leave(items, this.parts.back.href); return; }
      await new Promise((resolve) => setTimeout(resolve, LOOKED_EVERY_MS));
    }
    this.refuse(items, { detail: "The server's answer did not come. Look at the project's files before you try again." });
  }

  /**
   * @param {Item[]} items
   * @param {string} location
   */
  leave(items, location) {
    for (const item of items) item.transfer?.forget();
    this.busy = false;
    window.location.assign(location);
  }

  /**
   * @param {Item[]} items
   * @param {Told} told
   */
  refuse(items, told) {
    this.setBusy(false);
    items.forEach((item, position) => { item.problem = told.files?.[position]?.problem ?? ""; });
    if (/no such upload/i.test(told.detail ?? "")) {
      for (const item of items) { item.transfer?.forget(); Object.assign(item, { transfer: null, state: "waiting", sent: 0 }); }
    }
    this.list();
    this.complain(`${told.detail ?? "The upload was not stored, and the server did not say why."} What has arrived is kept; you need not send it again.`);
  }

  /** @param {boolean} on */
  setBusy(on) {
    this.busy = on;
    this.parts.whole.hidden = !on;
    this.parts.cancel.hidden = !on;
    this.parts.back.hidden = on;
    this.form.classList.toggle("busy", on);
    /** @type {NodeListOf<HTMLButtonElement | HTMLInputElement>} */
    const controls = this.parts["staged-list"].querySelectorAll("[data-remove], [data-rename], input");
    for (const control of [...controls, this.parts.files, this.parts.folder, this.parts.send]) control.disabled = on;
  }

  listen() {
    for (const input of [this.parts.files, this.parts.folder]) input.addEventListener("change", () => this.add(fromInput(input)));
    this.form.addEventListener("submit", (event) => { event.preventDefault(); if (!this.parts.send.disabled) this.send(); });
    this.parts.unwrap.addEventListener("click", () => this.unwrap());
    this.parts.cancel.addEventListener("click", () => this.transfers.stop());
    this.parts.path.addEventListener("change", () => { if (this.staged.items.length) this.look(); });
    addEventListener("beforeunload", (event) => { if (this.busy) event.preventDefault(); });
    addEventListener("dragover", (event) => { event.preventDefault(); document.body.classList.add("dropping"); });
    addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("dropping"); });
    addEventListener("drop", (event) => {
      event.preventDefault();
      document.body.classList.remove("dropping");
      if (!this.busy && event.dataTransfer) this.add(fromDrop(entriesOf(event.dataTransfer)));
    });
    addEventListener("paste", (event) => {
      const found = event.clipboardData ? fromClipboard(event.clipboardData) : [];
      if (found.length && !this.busy) { event.preventDefault(); this.add(found); }
    });
  }
}

/**
 * Bring the page to life.
 * @param {import("./gathering.js").Dropped | null} dropped what was dropped on the page before
 */
export function start(dropped = null) {
  const page = new Page(/** @type {UploadForm} */ (document.getElementById("upload")));
  document.body.classList.add("scripted");
  /** @type {NodeListOf<HTMLElement>} */
  const scripted = document.querySelectorAll("[data-with-script], [data-without-script]");
  for (const each of scripted) each.hidden = "withoutScript" in each.dataset;
  page.list();
  page.listen();
  if (dropped) page.add(fromDrop(dropped));
}
