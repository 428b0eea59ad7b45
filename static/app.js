// What pages gain with JavaScript; every page works without it.

/** @param {HTMLElement} button */
function copyText(button) {
  const source = /** @type {HTMLElement} */ (document.getElementById(button.dataset.copy ?? ""));
  const label = /** @type {Element} */ (button.querySelector("[data-label]"));
  const text = "value" in source ? String(source.value) : source.textContent;
  navigator.clipboard.writeText(text).then(() => {
    label.textContent = "Copied";
    setTimeout(() => { label.textContent = "Copy"; }, 2000);
  });
}

/** @param {Node | null} target */
function closeOtherMenus(target) {
  /** @type {NodeListOf<HTMLDetailsElement>} */
  const menus = document.querySelectorAll("details.menu[open]");
  for (const menu of menus) {
    if (!menu.contains(target)) menu.open = false;
  }
}

document.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  const button = /** @type {HTMLElement | null} */ (target.closest("[data-copy]"));
  if (button) copyText(button);
  closeOtherMenus(target);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.activeElement?.closest("details.menu[open]");
  closeOtherMenus(null);
  menu?.querySelector("summary")?.focus();
});

// A form that is sent twice by a double click does its work once.
document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.method === "dialog" || event.defaultPrevented) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});

window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
  /** @type {NodeListOf<HTMLElement>} */
  const buttons = document.querySelectorAll("[data-copy]");
  for (const button of buttons) button.hidden = !navigator.clipboard;
});
