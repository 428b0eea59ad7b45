// The editor's page asks before text is lost that was typed and not stored.

const form = /** @type {HTMLFormElement} */ (document.getElementById("edit"));
const before = new FormData(form).get("content");
let stored = false;

form.addEventListener("submit", () => { stored = true; });
addEventListener("pageshow", () => { stored = false; });
addEventListener("beforeunload", (event) => {
  if (!stored && new FormData(form).get("content") !== before) event.preventDefault();
});
