// Several files on their way at once, and how fast they go together.

import { Transfer } from "./tus.js";
import { messageOf } from "./words.js";

/** @typedef {import("./staging.js").Item} Item */

const AT_ONCE = 4;
const MEASURED_MS = 8000;

// How fast something grows, over the last seconds.
export class Pace {
  constructor() {
    /** @type {[number, number][]} */
    this.moments = [];
  }

  /**
   * Bytes a second, 0 while nobody knows yet.
   * @param {number} sent
   */
  at(sent) {
    const now = performance.now();
    this.moments = [...this.moments.filter(([moment]) => now - moment < MEASURED_MS), [now, sent]];
    const [[since, before]] = this.moments;
    return now - since > 200 ? Math.max(0, sent - before) / ((now - since) / 1000) : 0;
  }
}

export class Transfers {
  /**
   * @param {{ token: string, endpoint: string }} to
   * @param {(item: Item) => void} told
   */
  constructor(to, told) {
    this.to = to;
    this.told = told;
    this.pace = new Pace();
    this.stopped = new AbortController();
    /** @type {Item[]} */
    this.waiting = [];
  }

  /**
   * Send all items that have not arrived; true when every one has that was not left out meanwhile.
   * @param {Item[]} items
   */
  async run(items) {
    this.stopped = new AbortController();
    this.pace = new Pace();
    this.waiting = items.filter((item) => item.state !== "arrived");
    const lanes = Array.from({ length: AT_ONCE }, async () => {
      for (let item = this.waiting.shift(); item; item = this.waiting.shift()) await this.send(item);
    });
    await Promise.all(lanes);
    return !this.stopped.signal.aborted && items.every((item) => item.state === "arrived" || !item.isSent);
  }

  /**
   * One that has failed takes its turn again, while others are on their way.
   * @param {Item} item
   */
  again(item) {
    this.waiting.push(item);
    this.note(item, "waiting");
  }

  stop() {
    this.stopped.abort(new Error("Cancelled."));
  }

  /** @param {Item} item */
  async send(item) {
    const stopped = this.stopped.signal;
    if (stopped.aborted) return;
    const transfer = item.transfer ??= new Transfer(item, this.to, (state, sent) => this.note(item, state, sent));
    const own = item.own = new AbortController();
    stopped.addEventListener("abort", () => own.abort(stopped.reason), { once: true });
    item.problem = "";
    item.pace = new Pace();
    this.note(item, "sending", item.sent);
    try {
      item.upload = await transfer.run(own.signal);
      this.note(item, "arrived", item.file.size);
    } catch (error) {
      const cancelled = own.signal.aborted;
      item.problem = cancelled ? "" : messageOf(error) || "The server did not take it.";
      this.note(item, cancelled ? "waiting" : "failed", transfer.offset);
    }
  }

  /**
   * @param {Item} item
   * @param {import("./staging.js").State} state
   */
  note(item, state, sent = item.sent) {
    Object.assign(item, { state, sent: Math.min(sent, item.file.size) });
    item.speed = state === "sending" && item.pace ? item.pace.at(item.sent) : 0;
    this.told(item);
  }
}
