/* Forms with data-passkey="get" or "create": asks the browser's passkeys what data-options says, writes the answer into
   the field with data-answer, and sends the form. Without this script the page offers other ways. */
(() => {
  "use strict";

  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));

  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, "-")
      .replace(/\//g, "_")
      .replace(/=+$/, "");

  const named = (list) => (list || []).map((credential) => ({ ...credential, id: bytes(credential.id) }));

  const question = (options, kind) => {
    const asked = { ...options, challenge: bytes(options.challenge) };
    if (kind === "create") {
      asked.user = { ...options.user, id: bytes(options.user.id) };
      asked.excludeCredentials = named(options.excludeCredentials);
    } else {
      asked.allowCredentials = named(options.allowCredentials);
    }
    return { publicKey: asked };
  };

  const answer = (credential) => {
    const { response } = credential;
    const said = { clientDataJSON: text(response.clientDataJSON) };
    if (response.attestationObject) {
      said.attestationObject = text(response.attestationObject);
      said.transports = response.getTransports ? response.getTransports() : [];
    } else {
      said.authenticatorData = text(response.authenticatorData);
      said.signature = text(response.signature);
      said.userHandle = response.userHandle ? text(response.userHandle) : null;
    }
    return JSON.stringify({
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      authenticatorAttachment: credential.authenticatorAttachment,
      clientExtensionResults: credential.getClientExtensionResults(),
      response: said,
    });
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const kind = form.dataset.passkey;
    const failed = form.querySelector("[data-failed]");
    form.addEventListener("submit", async (event) => {
      const field = form.querySelector("[data-answer]");
      if (field.value || !form.checkValidity()) return; // what is missing is said before a passkey is made
      event.preventDefault();
      failed.hidden = true;
      try {
        field.value = answer(await navigator.credentials[kind](question(JSON.parse(form.dataset.options), kind)));
        form.submit();
      } catch {
        failed.hidden = false;
        failed.focus();
      }
    });
  }
})();
