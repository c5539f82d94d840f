// The pages that links in mails lead to, and the end of an OAuth2 sign-in.

import { call, claims } from "../api.js";
import { h, show } from "../dom.js";
import { labelled, problems, submitting, text } from "../forms.js";
import { card } from "./signin.js";

const path = (token, action) =>
  `/api/collections/${encodeURIComponent(claims(token || "").collectionId || "")}/${action}`;

const done = (message) => h("p", { class: "done" }, "✓ ", message);

export function confirmVerification(token) {
  const place = h("div", { class: "stack" }, h("p", { class: "quiet" }, "One moment…"));
  call("POST", path(token, "confirm-verification"), { token }, { token: "" })
    .then(() => show(place, done("Your e-mail address is verified. You may close this page.")))
    .catch((error) => show(place, h("p", { class: "problem" }, "The link is invalid or too old."),
      h("p", { class: "quiet" }, error.message)));
  return card("Verify your e-mail address", place);
}

export function confirmPasswordReset(token) {
  const password = text("password", "", { type: "password", autocomplete: "new-password", required: true });
  const again = text("passwordConfirm", "", { type: "password", autocomplete: "new-password", required: true });
  const account = claims(token || "").email;
  const form = h("form", { class: "stack", onsubmit: (e) => (e.preventDefault(), send()) },
    account && h("p", {}, `For ${account}`),
    labelled("New password", password), labelled("New password again", again), problems(),
    h("button", { class: "primary wide" }, "Set the password"));
  const send = () => submitting(form, async () => {
    await call("POST", path(token, "confirm-password-reset"),
      { token, password: password.value, passwordConfirm: again.value }, { token: "" });
    show(form, done("Your password is changed. You can sign in with it now."));
  });
  return card("Set a new password", form);
}

export function confirmEmailChange(token) {
  const password = text("password", "", { type: "password", autocomplete: "current-password", required: true });
  const address = claims(token || "").newEmail;
  const form = h("form", { class: "stack", onsubmit: (e) => (e.preventDefault(), send()) },
    address && h("p", {}, `Type your password to make ${address} your e-mail address.`),
    labelled("Password", password), problems(),
    h("button", { class: "primary wide" }, "Confirm the new address"));
  const send = () => submitting(form, async () => {
    await call("POST", path(token, "confirm-email-change"), { token, password: password.value }, { token: "" });
    show(form, done("Your e-mail address is changed. You can sign in with it now."));
  });
  return card("Confirm your new e-mail address", form);
}

export function oauth2(succeeded) {
  setTimeout(() => window.close(), succeeded ? 300 : 5000);
  return card(succeeded ? "Signed in" : "Sign-in failed", succeeded
    ? done("You can close this window and go back to the app.")
    : h("p", {}, "Close this window, go back to the app and try again."));
}
