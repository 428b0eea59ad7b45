// What the browser's scripts are held to: ESLint's recommended rules.

import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["static/built/", "**/node_modules/"] },
  js.configs.recommended,
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  { files: ["static/*.js"], languageOptions: { sourceType: "script", globals: globals.browser } },
  { files: ["static/upload/*.js", "tools/editor/*.js"], languageOptions: { globals: globals.browser } },
  { files: ["static/upload/hashing.js"], languageOptions: { sourceType: "script", globals: globals.worker } },
];
