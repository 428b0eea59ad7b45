// The files that are ready to be uploaded: their paths, what the server says of them, and how far each has come.

/**
 * What the server says would happen to a file.
 * @typedef {{ path: string, state: "new" | "replaces" | "ignored" | "junk" | "refused", note: string, sha: string | null, size_bytes: number | null }} Outlook
 *
 * How far a file is on its way.
 * @typedef {"waiting" | "sending" | "pausing" | "arrived" | "failed"} State
 */

const TOLD = 5;
const INTRODUCING = /^(readme|licen[cs]e|citation|copying)(\.[^/]*)?$/i;

export class Item {
  /**
   * @param {string} path
   * @param {File} file
   */
  constructor(path, file) {
    this.path = path;
    this.file = file;
    /** @type {Outlook | null} */
    this.outlook = null;
    this.included = true;
    this.touched = false;
    this.unchanged = false;
    this.cancelled = false;
    /** @type {State} */
    this.state = "waiting";
    this.sent = 0;
    this.speed = 0;
    /** @type {import("./transfers.js").Pace | null} */
    this.pace = null;
    /** @type {import("./tus.js").Transfer | null} */
    this.transfer = null;
    /** @type {AbortController | null} */
    this.own = null;
    /** @type {string | null} */
    this.upload = null;
    this.problem = "";
    /** @type {HTMLElement | null} */
    this.row = null;
  }

  get isRefused() { return this.outlook?.state === "refused"; }

  get isSent() { return this.included && !this.isRefused; }
}

/**
 * "a.txt" becomes "a (2).txt" where "a.txt" is taken, so that files of one name stay apart.
 * @param {string} path
 * @param {Map<string, Item>} taken
 */
function free(path, taken) {
  const [, stem, end] = path.match(/^(.*?[^/])(\.[^./]*)?$/s) ?? [null, path, ""];
  let name = path;
  for (let number = 2; taken.has(name); number += 1) name = `${stem} (${number})${end ?? ""}`;
  return name;
}

/**
 * @param {File} one
 * @param {File} other
 */
function isSame(one, other) {
  return one.size === other.size && one.lastModified === other.lastModified;
}

export class Staged {
  constructor() {
    /** @type {Item[]} */
    this.items = [];
    /** @type {Set<string>} */
    this.emptyFolders = new Set();
  }

  /** @param {import("./gathering.js").Found[]} found */
  add(found) {
    const known = new Map(this.items.map((item) => [item.path, item]));
    for (const { path, file } of found) {
      if (!file) {
        this.emptyFolders.add(path);
        continue;
      }
      const there = known.get(path);
      if (there && isSame(there.file, file)) continue;
      const item = new Item(free(path, known), file);
      known.set(item.path, item);
      this.items.push(item);
    }
  }

  /** @param {Item} item */
  remove(item) { this.items = this.items.filter((other) => other !== item); }

  // The one folder that all files lie in, with its slash, where it hides what introduces a project; else nothing.
  get outerFolder() {
    const outer = this.items[0]?.path.match(/^[^/]+\//)?.[0] ?? "";
    const lies = outer && this.items.every((item) => item.path.startsWith(outer));
    const introduces = lies && this.items.some((item) => INTRODUCING.test(item.path.slice(outer.length)));
    return introduces ? outer : "";
  }

  get sendable() { return this.items.filter((item) => item.isSent); }

  // What the page after the upload tells of files that were not sent; what was left out or is there already is no news.
  get skipped() {
    const left = this.items.filter((item) => item.isRefused || item.cancelled);
    const ignored = this.items.filter((item) => ["ignored", "junk"].includes(item.outlook?.state ?? "") && !item.included && !item.touched);
    const files = left.slice(0, TOLD).map((item) => (
      { path: item.path, size: item.file.size, why: item.cancelled ? "cancelled" : item.outlook?.note }));
    return { files, count: left.length, ignored: ignored.length };
  }

  get bytes() { return this.sendable.reduce((sum, item) => sum + item.file.size, 0); }
}
