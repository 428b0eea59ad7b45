// Two versions of a picture: side by side, swiped over each other, or one shining through the other.

const MODES = [["Side by side", "beside"], ["Swipe", "swipe"], ["Onion skin", "onion"]];

/**
 * @param {Element} place
 * @param {string} mode
 * @param {number} amount
 */
function show(place, mode, amount) {
  const picture = /** @type {HTMLElement} */ (place.querySelector(".picture-new"));
  place.classList.toggle("stacked", mode !== "beside");
  picture.style.clipPath = mode === "swipe" ? `inset(0 0 0 ${amount}%)` : "";
  picture.style.opacity = mode === "onion" ? String(amount / 100) : "";
}

/** @param {Element} place */
function offer(place) {
  if (place.querySelectorAll("figure").length < 2) return;
  const bar = document.createElement("div");
  bar.className = "picture-modes";
  const slider = Object.assign(document.createElement("input"), { type: "range", min: "0", max: "100", value: "50", hidden: true });
  slider.setAttribute("aria-label", "How much of the new picture is shown");
  const group = Object.assign(document.createElement("span"), { className: "button-group" });
  let chosen = "beside";
  for (const [words, mode] of MODES) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "button button-small", textContent: words });
    button.setAttribute("aria-pressed", String(mode === chosen));
    button.addEventListener("click", () => {
      chosen = mode;
      for (const other of group.children) other.setAttribute("aria-pressed", String(other === button));
      slider.hidden = mode === "beside";
      show(place, mode, slider.valueAsNumber);
    });
    group.append(button);
  }
  slider.addEventListener("input", () => show(place, chosen, slider.valueAsNumber));
  bar.append(group, slider);
  place.before(bar);
}

/** @param {ParentNode} within */
function offerAll(within) {
  for (const place of within.querySelectorAll("[data-pictures]")) offer(place);
}

offerAll(document);
document.addEventListener("filled", (event) => offerAll(/** @type {Element} */ (event.target)));
