// Diagrams that people write in documents, drawn by Mermaid in its strict mode and shown as pictures.
// A page allows no inline style, but a picture has a world of its own: nothing in it runs, and its styles are its own.

import mermaid from "mermaid";

const dark = matchMedia("(prefers-color-scheme: dark)");
/** @type {Map<HTMLElement, string>} */
const sources = new Map();
let count = 0;

/** The size that text gets is measured in the page, where only sheets that a script has made have an effect. */
const measuring = new CSSStyleSheet();
document.adoptedStyleSheets.push(measuring);

function prepare() {
  mermaid.initialize({
    startOnLoad: false,
    securityLevel: "strict",
    // What a diagram may not set by itself: beside Mermaid's own list, all that ends in the sheet for measuring.
    secure: ["secure", "securityLevel", "startOnLoad", "maxTextSize", "suppressErrorRendering", "maxEdges", "themeCSS",
      "themeVariables", "fontFamily", "altFontFamily", "htmlLabels", "flowchart"],
    suppressErrorRendering: true,
    theme: dark.matches ? "dark" : "neutral",
    fontFamily: "system-ui, sans-serif",
    htmlLabels: false,
    flowchart: { htmlLabels: false },
    maxTextSize: 50_000,
    maxEdges: 500,
  });
}

/** @param {string} source */
async function draw(source) {
  const id = `diagram-${count += 1}`;
  const first = await mermaid.render(id, source);
  const parsed = new DOMParser().parseFromString(first.svg, "text/html").querySelector("svg");
  await measuring.replace([...parsed?.querySelectorAll("style") ?? []].map((style) => style.textContent).join("\n"));
  try {
    return (await mermaid.render(id, source)).svg;
  } finally {
    await measuring.replace("");
  }
}

/** @param {string} svg */
function picture(svg) {
  const drawn = /** @type {SVGSVGElement} */ (new DOMParser().parseFromString(svg, "text/html").querySelector("svg"));
  const [, , width, height] = (drawn.getAttribute("viewBox") ?? "").split(/[\s,]+/).map(Number);
  drawn.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  if (width && height) {
    drawn.setAttribute("width", String(Math.ceil(width)));
    drawn.setAttribute("height", String(Math.ceil(height)));
  }
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(drawn))}`;
  return image;
}

/** @param {HTMLElement} place */
async function show(place) {
  const source = sources.get(place) ?? place.textContent ?? "";
  sources.set(place, source);
  try {
    const image = picture(await draw(source));
    image.alt = `Diagram: ${source}`;
    await image.decode();
    place.classList.add("drawn");
    place.replaceChildren(image);
  } catch (mistake) {
    place.classList.remove("drawn");
    place.textContent = source;
    place.title = `This diagram cannot be drawn: ${mistake instanceof Error ? mistake.message : mistake}`;
  }
}

async function showAll() {
  prepare();
  /** @type {NodeListOf<HTMLElement>} */
  const places = document.querySelectorAll("pre.mermaid");
  for (const place of places) await show(place);
}

dark.addEventListener("change", showAll);
showAll();
