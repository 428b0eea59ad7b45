// The upload page: staged files with their folders, progress for each and for all, one request, one version.

const LISTED = 300;

const form = document.getElementById("upload");
const parts = Object.fromEntries(
  ["drop", "files", "folder", "staged", "staged-list", "staged-sum", "staged-rest", "staged-row", "whole", "whole-bar",
    "whole-label", "whole-note", "trouble", "trouble-text", "message", "path", "send", "cancel", "back"]
    .map((id) => [id, document.getElementById(id)]),
);
const limits = { file: Number(form.dataset.fileLimit), request: Number(form.dataset.requestLimit) };
const staged = new Map();
let request = null;
let proposedMessage = parts.message.value;

function mebibytes(bytes) {
  const tenths = Math.ceil((bytes * 10) / 2 ** 20);
  return tenths % 10 ? `${(tenths / 10).toFixed(1)} MiB` : `${tenths / 10} MiB`;
}

function size(bytes) {
  if (bytes < 1024) return `${bytes} byte${bytes === 1 ? "" : "s"}`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let amount = bytes / 1024;
  while (amount >= 1023.5 && units.length > 1) { amount /= 1024; units.shift(); }
  return `${amount < 9.95 ? amount.toFixed(1).replace(".0", "") : Math.round(amount)} ${units[0]}`;
}

function counted(number, word) {
  return `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;
}

function problemOf(path, file) {
  if (file.size > limits.file) {
    return `It has ${mebibytes(file.size)}; a file may have ${mebibytes(limits.file)} at most. It will not be uploaded, the others will.`;
  }
  return null;
}

function stage(path, file) {
  staged.set(path, { file, problem: problemOf(path, file), row: null });
}

const inOrder = new Intl.Collator("en", { numeric: true });

// Refused files first, so that they are seen; the others in the order in which they are sent.
function listed() {
  return [...staged].sort((a, b) => Boolean(b[1].problem) - Boolean(a[1].problem) || inOrder.compare(a[0], b[0]));
}

function sendable() {
  return listed().filter(([, item]) => !item.problem);
}

function total(items) {
  return items.reduce((sum, [, item]) => sum + item.file.size, 0);
}

function rowFor(path, item) {
  const row = parts["staged-row"].content.firstElementChild.cloneNode(true);
  row.querySelector("[data-path]").textContent = path;
  row.querySelector("[data-note]").textContent = item.problem ?? size(item.file.size);
  row.querySelector("progress").setAttribute("aria-label", path);
  row.classList.toggle("refused", Boolean(item.problem));
  const remove = row.querySelector("[data-remove]");
  remove.setAttribute("aria-label", `Leave out ${path}`);
  remove.addEventListener("click", () => { staged.delete(path); draw(); });
  item.row = row;
  return row;
}

function draw() {
  const rows = listed();
  parts["staged-list"].replaceChildren(...rows.slice(0, LISTED).map(([path, item]) => rowFor(path, item)));
  for (const [, item] of rows.slice(LISTED)) item.row = null;
  parts.staged.hidden = staged.size === 0;
  parts["staged-rest"].hidden = staged.size <= LISTED;
  parts["staged-rest"].textContent = `and ${counted(staged.size - LISTED, "more file")}`;
  const items = sendable();
  parts["staged-sum"].textContent = `${counted(items.length, "file")}, ${size(total(items))}`;
  parts.send.disabled = items.length === 0;
  parts.send.querySelector("[data-label]").textContent = items.length ? `Upload ${counted(items.length, "file")}` : "Upload";
  proposeMessage(items);
  complain(total(items) > limits.request
    ? `Together these files have ${mebibytes(total(items))}; one upload may hold ${mebibytes(limits.request)}. Leave some out and upload them next.`
    : "");
}

function proposeMessage(items) {
  if (parts.message.value !== proposedMessage) return;
  const tops = new Set(items.map(([path]) => path.split("/")[0]));
  const [first] = tops;
  if (items.length === 0) return;
  if (items.length === 1) proposedMessage = `Upload ${items[0][0]}`;
  else if (tops.size === 1) proposedMessage = `Upload ${first} (${counted(items.length, "file")})`;
  else proposedMessage = `Upload ${counted(items.length, "file")}`;
  parts.message.value = proposedMessage;
}

function complain(text) {
  parts.trouble.hidden = !text;
  parts["trouble-text"].textContent = text;
}

// Folders that are dropped are walked by the older entries interface, since every browser has it.
function readEntries(reader) {
  return new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
}

async function walk(entry, prefix) {
  const path = prefix + entry.name;
  if (entry.isFile) {
    stage(path, await new Promise((resolve, reject) => { entry.file(resolve, reject); }));
    return;
  }
  const reader = entry.createReader();
  for (let batch = await readEntries(reader); batch.length; batch = await readEntries(reader)) {
    for (const child of batch) await walk(child, `${path}/`);
  }
}

async function stageDropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const loose = entries.length ? [] : [...transfer.files];
  for (const file of loose) stage(file.name, file);
  try {
    for (const entry of entries) await walk(entry, "");
  } catch {
    draw();
    complain("Some of what you dropped could not be read. Look at the list, or choose it again by the buttons.");
    return;
  }
  draw();
}

function stageChosen(input) {
  for (const file of input.files) stage(file.webkitRelativePath || file.name, file);
  input.value = "";
  draw();
}

function body(items) {
  const data = new FormData();
  for (const name of ["csrf_token", "branch", "path", "message"]) data.append(name, form.elements[name].value);
  for (const [path, item] of items) data.append("files", item.file, path);
  return data;
}

// One request carries the files one behind the other, so the bytes sent tell how far each of them is.
function showProgress(items, event) {
  const extra = Math.max(0, event.total - total(items)) / Math.max(1, items.length);
  let before = 0;
  for (const [, item] of items) {
    const sent = Math.min(Math.max(event.loaded - before - extra, 0), item.file.size);
    before += item.file.size + extra;
    if (!item.row) continue;
    const bar = item.row.querySelector("progress");
    bar.hidden = false;
    bar.value = item.file.size ? sent / item.file.size : Number(event.loaded >= before);
    if (bar.value === 1) item.row.querySelector("[data-note]").textContent = `${size(item.file.size)} · sent`;
  }
  parts["whole-bar"].value = event.loaded / event.total;
}

function showSpeed(event, started) {
  const seconds = (performance.now() - started) / 1000;
  const speed = event.loaded / Math.max(seconds, 0.001);
  const left = Math.ceil((event.total - event.loaded) / Math.max(speed, 1));
  const told = left > 90 ? `${Math.ceil(left / 60)} minutes` : counted(left, "second");
  parts["whole-note"].textContent = `${size(event.loaded)} of ${size(event.total)} · ${size(Math.round(speed))}/s · ${told} left`;
}

function busy(on) {
  parts.whole.hidden = !on;
  parts.send.disabled = on;
  parts.cancel.hidden = !on;
  parts.back.hidden = on;
  for (const button of parts["staged-list"].querySelectorAll("[data-remove]")) button.disabled = on;
}

function finish(items) {
  const answer = request.response ?? {};
  if (request.status === 201) {
    for (const [, item] of items) item.row?.classList.add("sent");
    request = null;
    location.assign(answer.location);
    return;
  }
  request = null;
  busy(false);
  items.forEach(([, item], position) => { item.problem ??= answer.files?.[position]?.problem; });
  draw();
  complain(answer.detail ?? "The upload was not stored, and the server did not say why. Your files are still listed: try again.");
}

function fail(text) {
  request = null;
  busy(false);
  draw();
  complain(text);
}

function send() {
  const items = sendable();
  const started = performance.now();
  complain("");
  busy(true);
  parts["whole-label"].textContent = `Sending ${counted(items.length, "file")}`;
  request = new XMLHttpRequest();
  request.open("POST", form.getAttribute("action") || location.pathname);
  request.setRequestHeader("Accept", "application/json");
  request.responseType = "json";
  request.upload.addEventListener("progress", (event) => { showProgress(items, event); showSpeed(event, started); });
  request.upload.addEventListener("load", () => {
    parts["whole-label"].textContent = "Storing the new version";
    parts["whole-bar"].removeAttribute("value");
    parts["whole-note"].textContent = "";
  });
  request.addEventListener("load", () => finish(items));
  request.addEventListener("error", () => fail("The connection broke off, so nothing was stored. Your files are still listed: try again."));
  request.addEventListener("abort", () => fail("Cancelled; nothing was stored."));
  request.send(body(items));
}

document.body.classList.add("scripted");
for (const part of document.querySelectorAll("[data-with-script]")) part.hidden = false;
draw();
for (const input of [parts.files, parts.folder]) input.addEventListener("change", () => stageChosen(input));
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!request && sendable().length && total(sendable()) <= limits.request) send();
});
parts.cancel.addEventListener("click", () => request?.abort());
addEventListener("beforeunload", (event) => { if (request) event.preventDefault(); });
addEventListener("dragover", (event) => { event.preventDefault(); document.body.classList.add("dropping"); });
addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("dropping"); });
addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  if (!request) stageDropped(event.dataTransfer);
});
