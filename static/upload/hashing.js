// A worker that hashes files as Git does, one after the other, so that the page stays quick.

const TOO_LARGE_BYTES = 256 * 1024 * 1024;

/** @param {File} file */
async function blobName(file) {
  if (file.size > TOO_LARGE_BYTES) return null;
  const head = new TextEncoder().encode(`blob ${file.size}\0`);
  const bytes = new Uint8Array(head.length + file.size);
  bytes.set(head);
  bytes.set(new Uint8Array(await file.arrayBuffer()), head.length);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-1", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @type {Promise<unknown>} */
let last = Promise.resolve();

addEventListener("message", ({ data: { number, file } }) => {
  last = last.then(() => blobName(file)).catch(() => null).then((name) => postMessage({ number, name }));
});
