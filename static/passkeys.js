// Passkeys (WebAuthn): asks the browser for one, and sends its answer with the page's own form.

const INSECURE = "Passkeys work only on pages that are open over https, or at localhost.";
const MISSING = "This browser does not support passkeys.";
/** @type {Record<string, string>} */
const REASONS = {
  NotAllowedError: "Nothing was chosen, or it took too long. Try again.",
  InvalidStateError: "This device already has a passkey for your account.",
  SecurityError: "Passkeys belong to another address of this site. Open the site by its own address.",
  NotSupportedError: "This device cannot make a passkey that this site accepts.",
};

/** @param {string} text base64url */
function decode(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}

/** @param {ArrayBuffer | null | undefined} bytes */
function encode(bytes) {
  if (!bytes) return undefined;
  const binary = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @param {Array<{id: string}>} listed */
function decodeList(listed) {
  return listed.map(({ id }) => ({ id: decode(id), type: /** @type {const} */ ("public-key") }));
}

/** @param {string} act @param {any} asked */
function askAuthenticator(act, asked) {
  if (act === "create") {
    const user = { ...asked.user, id: decode(asked.user.id) };
    const excludeCredentials = decodeList(asked.excludeCredentials);
    const publicKey = { ...asked, challenge: decode(asked.challenge), user, excludeCredentials };
    return navigator.credentials.create({ publicKey });
  }
  const allowCredentials = decodeList(asked.allowCredentials);
  return navigator.credentials.get({ publicKey: { ...asked, challenge: decode(asked.challenge), allowCredentials } });
}

/** @param {any} credential */
function describe(credential) {
  const { response } = credential;
  return JSON.stringify({
    id: credential.id,
    rawId: encode(credential.rawId),
    type: credential.type,
    response: {
      clientDataJSON: encode(response.clientDataJSON),
      attestationObject: encode(response.attestationObject),
      authenticatorData: encode(response.authenticatorData),
      signature: encode(response.signature),
      userHandle: encode(response.userHandle),
    },
  });
}

/** @param {HTMLFormElement} form @param {string} reason */
function refuse(form, reason) {
  const place = /** @type {HTMLElement} */ (form.querySelector("[data-refused]"));
  /** @type {HTMLElement} */ (place.querySelector("[data-reason]")).textContent = reason;
  place.hidden = false;
}

/** @param {HTMLFormElement} form */
async function answer(form) {
  if (!window.isSecureContext) return refuse(form, INSECURE);
  if (!window.PublicKeyCredential) return refuse(form, MISSING);
  const asked = JSON.parse(form.dataset.options ?? "{}");
  try {
    const credential = await askAuthenticator(form.dataset.passkey ?? "get", asked);
    /** @type {HTMLInputElement} */ (form.querySelector("[data-answer]")).value = describe(credential);
    form.submit();
  } catch (error) {
    const name = error instanceof Error ? error.name : "";
    refuse(form, REASONS[name] ?? "The passkey could not be used. Try again.");
  }
}

/** @type {NodeListOf<HTMLFormElement>} */
const forms = document.querySelectorAll("form[data-passkey]");
for (const form of forms) {
  /** @type {HTMLElement} */ (form.querySelector("button")).hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    answer(form);
  });
}
