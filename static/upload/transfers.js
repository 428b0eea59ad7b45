// Several files on their way at once, and how fast they go together.

import { Transfer } from "./tus.js";

const AT_ONCE = 4;
const MEASURED_MS = 8000;

// How fast something grows, over the last seconds: bytes a second, 0 while nobody knows yet.
export class Pace {
  constructor() { this.moments = []; }

  at(sent) {
    const now = performance.now();
    this.moments = [...this.moments.filter(([moment]) => now - moment < MEASURED_MS), [now, sent]];
    const [[since, before]] = this.moments;
    return now - since > 200 ? Math.max(0, sent - before) / ((now - since) / 1000) : 0;
  }
}

export class Transfers {
  constructor(token, told) {
    Object.assign(this, { token, told, pace: new Pace() });
  }

  // Send all items that have not arrived; true when every one has that was not left out meanwhile.
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

  // One that has failed takes its turn again, while others are on their way.
  again(item) {
    this.waiting.push(item);
    this.note(item, "waiting");
  }

  stop() {
    this.stopped.abort(new Error("Cancelled."));
  }

  async send(item) {
    if (this.stopped.signal.aborted) return;
    item.transfer ??= new Transfer(item, this.token, (state, sent) => this.note(item, state, sent));
    item.own = new AbortController();
    this.stopped.signal.addEventListener("abort", () => item.own.abort(this.stopped.signal.reason), { once: true });
    item.problem = "";
    item.pace = new Pace();
    this.note(item, "sending", item.sent);
    try {
      item.upload = await item.transfer.run(item.own.signal);
      this.note(item, "arrived", item.file.size);
    } catch (error) {
      const cancelled = item.own.signal.aborted;
      item.problem = cancelled ? "" : error.message || "The server did not take it.";
      this.note(item, cancelled ? "waiting" : "failed", item.transfer.offset);
    }
  }

  note(item, state, sent = item.sent) {
    Object.assign(item, { state, sent: Math.min(sent, item.file.size) });
    item.speed = state === "sending" ? item.pace.at(item.sent) : 0;
    this.told(item);
  }
}
