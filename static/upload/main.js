// On the upload page itself everything begins at once.

import { start } from "./page.js";

start();
