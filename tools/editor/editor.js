// CodeMirror in the place of the editor page's textarea, which stays the form's field and keeps the text.
// It lives in a shadow root: there its styles are constructed sheets, which the page's security policy allows.

import { basicSetup } from "codemirror";
import { HighlightStyle, LanguageDescription, syntaxHighlighting } from "@codemirror/language";
import { languages } from "@codemirror/language-data";
import { Compartment } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const colours = HighlightStyle.define([
  { tag: [tags.comment, tags.meta], color: "var(--code-comment)" },
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier, tags.tagName], color: "var(--code-keyword)" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--code-number)" },
  { tag: [tags.function(tags.variableName), tags.definition(tags.variableName), tags.className, tags.propertyName,
    tags.attributeName], color: "var(--code-function)" },
  { tag: tags.heading, fontWeight: "bold" },
  { tag: tags.strong, fontWeight: "bold" },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: [tags.link, tags.url], color: "var(--link)" },
]);

const look = EditorView.theme({
  "&": { height: "100%", backgroundColor: "var(--surface)", color: "var(--text)", fontSize: "0.8125rem" },
  "&.cm-focused": { outline: "2px solid var(--focus)", outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6", overflow: "auto" },
  ".cm-content": { caretColor: "var(--text)", padding: "10px 0" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "var(--surface)", color: "var(--muted)", border: "0", paddingRight: "4px" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--hover)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--accent-soft)" },
  ".cm-panels": { backgroundColor: "var(--sunken)", color: "var(--text)", borderColor: "var(--line)" },
  ".cm-tooltip": { backgroundColor: "var(--surface)", color: "var(--text)", border: "1px solid var(--line)" },
  ".cm-textfield, .cm-button": { backgroundColor: "var(--surface)", backgroundImage: "none", color: "var(--text)",
    border: "1px solid var(--line-strong)" },
});

const field = /** @type {HTMLTextAreaElement} */ (document.getElementById("file-text"));
const path = /** @type {HTMLInputElement} */ (document.getElementById("path"));
const language = new Compartment();
const wrapping = new Compartment();

function isProse() {
  return /(^|\/)[^.]*$|\.(md|markdown|txt|rst)$/i.test(path.value);
}

function mount() {
  const host = document.createElement("div");
  host.className = "editor-host";
  const shadow = host.attachShadow({ mode: "open" });
  const frame = document.createElement("div");
  shadow.append(frame);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(":host { display: block } :host > div { height: inherit; min-height: 50vh; max-height: 75vh; display: grid }");
  shadow.adoptedStyleSheets = [sheet];
  field.before(host);
  field.hidden = true;
  return new EditorView({
    doc: field.value,
    parent: frame,
    root: shadow,
    extensions: [
      basicSetup,
      syntaxHighlighting(colours),
      look,
      language.of([]),
      wrapping.of(isProse() ? EditorView.lineWrapping : []),
      EditorView.contentAttributes.of({ "aria-label": "Text" }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) field.value = update.state.doc.toString();
      }),
    ],
  });
}

/** @param {EditorView} view */
async function speak(view) {
  const found = LanguageDescription.matchFilename(languages, path.value.split("/").pop() ?? "");
  const support = found ? await found.load() : [];
  view.dispatch({ effects: [
    language.reconfigure(support),
    wrapping.reconfigure(isProse() ? EditorView.lineWrapping : []),
  ] });
}

if ("adoptedStyleSheets" in Document.prototype) {
  const view = mount();
  speak(view);
  path.addEventListener("change", () => speak(view));
}
