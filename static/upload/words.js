// Numbers as people say them; framework/web/pages.py and framework/uploads/limits.py say the same.

/** @type {[number, string][]} */
const UNITS = [[2 ** 30, "GiB"], [2 ** 20, "MiB"]];

/** @param {number} bytes */
export function mebibytes(bytes) {
  if (bytes < 1024) return size(bytes);
  const [unit, name] = UNITS.find(([least]) => bytes >= least) ?? [2 ** 10, "KiB"];
  const tenths = Math.ceil((bytes * 10) / unit);
  return tenths % 10 ? `${(tenths / 10).toFixed(1)} ${name}` : `${tenths / 10} ${name}`;
}

/** @param {number} bytes */
export function size(bytes) {
  if (bytes < 1024) return `${bytes} byte${bytes === 1 ? "" : "s"}`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let amount = bytes / 1024;
  while (amount >= 1023.5 && units.length > 1) { amount /= 1024; units.shift(); }
  return `${amount < 9.95 ? amount.toFixed(1).replace(".0", "") : Math.round(amount)} ${units[0]}`;
}

/**
 * @param {number} number
 * @param {string} word
 */
export function counted(number, word) {
  return `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;
}

/**
 * "1.7 MiB of 2.9 MiB · 670 KiB/s · 2 seconds left"
 * @param {number} sent
 * @param {number} total
 * @param {number} speed
 */
export function howFar(sent, total, speed) {
  const pace = speed ? ` · ${size(Math.round(speed))}/s · ${timeLeft((total - sent) / speed)} left` : "";
  return `${size(sent)} of ${size(total)}${pace}`;
}

/**
 * What an error says; "" where it says nothing.
 * @param {unknown} error
 */
export function messageOf(error) {
  return error instanceof Error ? error.message : "";
}

/** @param {number} seconds */
function timeLeft(seconds) {
  return seconds > 90 ? `${Math.ceil(seconds / 60)} minutes` : counted(Math.max(1, Math.ceil(seconds)), "second");
}
