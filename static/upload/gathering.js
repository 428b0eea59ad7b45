// Files out of drops, choosers and the clipboard, each with its path; folders are walked by the older entries
// interface, since every browser has it.

/**
 * A file and its path below the folder that is uploaded to; a folder in which there is nothing has none.
 * @typedef {{ path: string, file: File | null }} Found
 *
 * What a drop holds; `loose` where the browser has no entries.
 * @typedef {{ entries: FileSystemEntry[], loose: File[] }} Dropped
 */

/**
 * @param {FileSystemDirectoryReader} reader
 * @returns {Promise<FileSystemEntry[]>}
 */
function readEntries(reader) {
  return new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
}

/**
 * @param {FileSystemEntry} entry
 * @returns {entry is FileSystemFileEntry}
 */
function isFile(entry) { return entry.isFile; }

/**
 * @param {FileSystemEntry} entry
 * @param {string} prefix
 * @param {Found[]} found
 */
async function walk(entry, prefix, found) {
  const path = prefix + entry.name;
  if (isFile(entry)) {
    found.push({ path, file: await new Promise((resolve, reject) => { entry.file(resolve, reject); }) });
    return;
  }
  if (entry.name === ".git") { // Git keeps its own there; one line tells it instead of thousands
    found.push({ path: `${path}/…`, file: new File([], entry.name) });
    return;
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  let isEmpty = true;
  for (let batch = await readEntries(reader); batch.length; batch = await readEntries(reader)) {
    isEmpty = false;
    for (const child of batch) await walk(child, `${path}/`, found);
  }
  if (isEmpty) found.push({ path: `${path}/`, file: null });
}

/**
 * What was dropped has to be asked for before the event ends; it is walked afterwards.
 * @param {DataTransfer} transfer
 * @returns {Dropped}
 */
export function entriesOf(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter((entry) => entry != null);
  return { entries, loose: entries.length ? [] : [...transfer.files] };
}

/**
 * @param {Dropped} dropped
 * @returns {Promise<Found[]>}
 */
export async function fromDrop({ entries, loose }) {
  /** @type {Found[]} */
  const found = loose.map((file) => ({ path: file.name, file }));
  for (const entry of entries) await walk(entry, "", found);
  return found;
}

/**
 * @param {HTMLInputElement} input
 * @returns {Found[]}
 */
export function fromInput(input) {
  const found = [...input.files ?? []].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
  input.value = "";
  return found;
}

/**
 * @param {DataTransfer} data
 * @returns {Found[]}
 */
export function fromClipboard(data) {
  const moment = new Date().toISOString().slice(0, 19).replace("T", " ").replaceAll(":", "");
  return [...data.files].map((file, position) => {
    const kind = file.name.split(".").pop();
    const pasted = file.type.startsWith("image/") && /^image\.\w+$/.test(file.name);
    return { path: pasted ? `Pasted ${moment}${position ? ` ${position + 1}` : ""}.${kind}` : file.name, file };
  });
}
