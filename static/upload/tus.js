// One file's way to the server by tus 1.0: begun, gone on with after a break at the last stored byte, given up.

const TOGETHER_BYTES = 8 * 2 ** 20; // a file of one part goes with the request that announces it
const USED_KEPT_MS = 61 * 60 * 1000; // an hour, as the server's clock has it, and what a clock may lag
const PAUSES_MS = [500, 1000, 2000, 4000, 8000, 15000, 30000, 30000, 30000, 30000];

/** @typedef {Record<string, string | number>} Headers */

export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} text
   */
  constructor(status, text) { super(text); this.status = status; }
}

/** @param {string} text */
function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/**
 * @param {XMLHttpRequest} request
 * @returns {string}
 */
function detailOf(request) {
  try { return JSON.parse(request.responseText).detail; } catch { return ""; }
}

/**
 * @param {number} milliseconds
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => { clearTimeout(timer); reject(signal.reason); }, { once: true });
  });
}

export class Transfer {
  /**
   * @param {{ path: string, file: File }} item
   * @param {{ token: string, endpoint: string }} to
   * @param {(state: import("./staging.js").State, sent?: number) => void} told
   */
  constructor({ path, file }, { token, endpoint }, told) {
    this.file = file;
    this.endpoint = endpoint;
    this.token = token;
    this.told = told;
    this.offset = 0;
    this.isDone = false;
    // a large file is found again when the page was left and opened again
    this.key = file.size > TOGETHER_BYTES ? `upload:${location.pathname}:${path}:${file.size}:${file.lastModified}` : null;
    this.address = this.key && localStorage.getItem(this.key);
  }

  get id() { return this.address?.split("/").pop() ?? null; }

  /**
   * Everything is there when this ends; it goes on by itself after a break, and ends with Refused or an abort.
   * @param {AbortSignal} signal
   */
  async run(signal) {
    for (let tries = 0; !this.isDone; tries += 1) {
      const before = this.offset;
      try {
        await this.step(signal);
      } catch (error) {
        if (this.offset > before) tries = 0;
        if (signal.aborted || !this.isWorthwhile(error) || tries >= PAUSES_MS.length) throw error;
        this.told("pausing");
        await pause(PAUSES_MS[tries], signal);
      }
    }
    return this.id;
  }

  // Forget where the upload was kept: it has become a file, or was given up.
  forget() {
    if (this.key) localStorage.removeItem(this.key);
    this.address = null;
    this.isDone = false;
  }

  // Whether a version has it: then it is kept for an hour more, and for a day until then.
  async isStored() {
    if (!this.address) return false;
    const answer = await this.send("HEAD", this.address, {});
    const [until, at] = ["Upload-Expires", "Date"].map((name) => Date.parse(answer.getResponseHeader(name) ?? ""));
    return until - at <= USED_KEPT_MS;
  }

  async giveUp() {
    if (!this.address) return;
    const address = this.address;
    this.forget();
    await this.send("DELETE", address, {}).catch(() => null);
  }

  /** @param {unknown} error */
  isWorthwhile(error) {
    if (error instanceof Refused && [404, 410].includes(error.status) && this.address) {
      this.forget();
      this.offset = 0;
      return true;
    }
    return !(error instanceof Refused) || error.status >= 500 || [409, 423, 460].includes(error.status);
  }

  /** @param {AbortSignal} signal */
  async step(signal) {
    const address = this.address ? await this.look(this.address, signal) : await this.create(signal);
    if (this.offset < this.file.size) await this.append(address, signal);
    this.isDone = this.offset === this.file.size;
  }

  /**
   * Announce the file; the address that it is sent to.
   * @param {AbortSignal} signal
   */
  async create(signal) {
    const name = base64(this.file.name).slice(0, 1000);
    /** @type {Headers} */
    const headers = { "Upload-Length": this.file.size, "Upload-Metadata": name.length % 4 ? "" : `filename ${name}` };
    const together = this.file.size > 0 && this.file.size <= TOGETHER_BYTES;
    if (together) headers["Content-Type"] = "application/offset+octet-stream";
    const answer = await this.send("POST", this.endpoint, headers, { body: together ? this.file : null, signal });
    const address = answer.getResponseHeader("Location");
    if (!address) throw new Error("The server did not take it.");
    this.address = address;
    if (this.key) localStorage.setItem(this.key, address);
    this.offset = Number(answer.getResponseHeader("Upload-Offset"));
    return address;
  }

  /**
   * Ask how much is there.
   * @param {string} address
   * @param {AbortSignal} signal
   */
  async look(address, signal) {
    const answer = await this.send("HEAD", address, {}, { signal });
    this.offset = Number(answer.getResponseHeader("Upload-Offset"));
    this.told("sending", this.offset);
    return address;
  }

  /**
   * Send what is not there yet.
   * @param {string} address
   * @param {AbortSignal} signal
   */
  async append(address, signal) {
    const headers = { "Upload-Offset": this.offset, "Content-Type": "application/offset+octet-stream" };
    const answer = await this.send("PATCH", address, headers, { body: this.file.slice(this.offset), signal });
    this.offset = Number(answer.getResponseHeader("Upload-Offset"));
  }

  /**
   * @param {string} method
   * @param {string} address
   * @param {Headers} headers
   * @param {{ body?: Blob | null, signal?: AbortSignal | null }} more
   * @returns {Promise<XMLHttpRequest>}
   */
  send(method, address, headers, { body = null, signal = null } = {}) {
    const request = new XMLHttpRequest(), start = this.offset;
    return new Promise((resolve, reject) => {
      request.open(method, address);
      request.setRequestHeader("Tus-Resumable", "1.0.0");
      request.setRequestHeader("X-CSRFToken", this.token);
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, String(value));
      request.upload.addEventListener("progress", (event) => { this.told("sending", start + event.loaded); });
      request.addEventListener("load", () => {
        if (request.status < 300) resolve(request);
        else reject(new Refused(request.status, detailOf(request)));
      });
      request.addEventListener("error", () => reject(new Error("The connection broke off.")));
      request.addEventListener("abort", () => reject(signal?.reason ?? new Error("Cancelled.")));
      signal?.addEventListener("abort", () => request.abort(), { once: true });
      if (signal?.aborted) reject(signal.reason);
      else request.send(body);
    });
  }
}
