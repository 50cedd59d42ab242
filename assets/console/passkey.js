const can = globalThis.PublicKeyCredential && PublicKeyCredential.parseRequestOptionsFromJSON;
for (const offer of document.querySelectorAll("[data-passkey-host]")) {
  offer.hidden = !can || location.hostname !== offer.dataset.passkeyHost;
}
const form = document.querySelector("form[data-passkey]");
if (form) {
  const failed = document.querySelector("[data-passkey-failed]");
  const show = (isOver) => {
    failed.hidden = !isOver;
    form.querySelector("button").hidden = !isOver;
  };
  const ask = async () => {
    show(false);
    try {
      const options = JSON.parse(form.dataset.passkey);
      const answer = options.user
        ? await navigator.credentials.create({
            publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
          })
        : await navigator.credentials.get({
            publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
          });
      form.elements.credential.value = JSON.stringify(answer.toJSON());
      form.submit();
    } catch {
      show(true);
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  ask();
}
