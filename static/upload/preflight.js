// Asks the server what an upload would do, and compares what would replace a file of the same size with that file.

const LONGEST_IGNORE_BYTES = 256 * 1024;

/** @typedef {import("./staging.js").Item} Item */

/**
 * @param {Item[]} items
 * @param {string} folder
 */
async function ignoresAmong(items, folder) {
  const files = items.filter((item) => /(^|\/)\.gitignore$/.test(item.path) && item.file.size <= LONGEST_IGNORE_BYTES);
  const texts = await Promise.all(files.map(async (item) => [folder + item.path, await item.file.text()]));
  return Object.fromEntries(texts);
}

/** @type {Worker | null} */
let worker = null;
/** @type {Map<string, (name: string | null) => void>} */
const asked = new Map();

function startWorker() {
  const started = new Worker(new URL("hashing.js", import.meta.url));
  started.addEventListener("message", ({ data }) => { asked.get(data.number)?.(data.name); asked.delete(data.number); });
  return started;
}

/**
 * The name that Git gives the content: SHA-1 of a header and the bytes (gitobjects); null where it cannot be had.
 * @param {File} file
 * @returns {Promise<string | null>}
 */
function blobName(file) {
  if (!globalThis.crypto?.subtle) return Promise.resolve(null);
  const hashing = worker ??= startWorker();
  const number = crypto.randomUUID();
  return new Promise((resolve) => { asked.set(number, resolve); hashing.postMessage({ number, file }); });
}

/**
 * Whether the file is there already, with the same bytes.
 * @param {Item} item
 * @param {import("./staging.js").Outlook} there
 */
async function compare(item, there) {
  if (there.state !== "replaces" || there.size_bytes !== item.file.size) return false;
  return await blobName(item.file) === there.sha;
}

/**
 * Fills in each item's outlook; the room that the owner has left, in bytes.
 * @param {import("./page.js").UploadForm} form
 * @param {Item[]} items
 * @returns {Promise<number>}
 */
export async function lookAhead(form, items) {
  const folder = form.elements.path.value.replace(/^\/+|\/+$/g, "");
  const prefix = folder ? `${folder}/` : "";
  const body = {
    files: items.map((item) => ({ path: prefix + item.path, size: item.file.size })),
    ignores: await ignoresAmong(items, prefix),
  };
  const answer = await fetch(form.dataset.preflight ?? "", {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": form.elements.csrf_token.value },
    body: JSON.stringify(body),
  });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.detail);
  await Promise.all(items.map(async (item, position) => {
    const outlook = item.outlook = told.files[position];
    item.unchanged = await compare(item, outlook);
    if (!item.touched) item.included = !["ignored", "junk"].includes(outlook.state) && !item.unchanged;
  }));
  return told.room_bytes;
}
