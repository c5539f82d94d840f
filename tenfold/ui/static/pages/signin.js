// The way in: the first superuser, sign-in (password, second step, one-time password), reset.

import { ApiError, call, recordsPath, session } from "../api.js";
import { h, note, show } from "../dom.js";
import { forgetCollections } from "../frame.js";
import { labelled, problems, submitting, text } from "../forms.js";

const SUPERUSERS = "/api/collections/_superusers";

export function card(title, ...content) {
  return h("div", { class: "door" }, h("div", { class: "card" },
    h("img", { src: "icon.svg", alt: "", class: "logo" }), h("h1", {}, title), content));
}

function open(answer) {
  session.token = answer.token;
  forgetCollections();
  location.hash = "#/";
}

export function signIn() {
  const place = h("div");
  const email = text("identity", "", { type: "email", autocomplete: "username", required: true, autofocus: true });
  const password = text("password", "", { type: "password", autocomplete: "current-password", required: true });
  const form = h("form", { class: "stack", onsubmit: (e) => (e.preventDefault(), enter()) },
    labelled("E-mail", email), labelled("Password", password), problems(),
    h("button", { class: "primary wide" }, "Sign in"),
    h("a", { href: "#/request-password-reset" }, "Forgotten password?"));
  const enter = () => submitting(form, async () => {
    try {
      open(await call("POST", `${SUPERUSERS}/auth-with-password`,
        { identity: email.value, password: password.value }, { token: "" }));
    } catch (error) {
      const mfaId = error instanceof ApiError && error.body.mfaId;
      if (!mfaId) throw error;
      show(place, await secondStep(email.value, mfaId));
    }
  });
  show(place, form);
  return card("Sign in", place);
}

// With a second factor the password alone is answered with an mfaId; a mailed code is the other.
async function secondStep(email, mfaId) {
  const { otpId } = await call("POST", `${SUPERUSERS}/request-otp`, { email }, { token: "" });
  const code = text("password", "", { inputmode: "numeric", autocomplete: "one-time-code", required: true });
  const id = text("otpId", otpId, { required: true });
  const form = h("form", { class: "stack", onsubmit: (e) => (e.preventDefault(), enter()) },
    h("p", {}, `A code was sent to ${email}.`),
    labelled("Code", code), labelled("Code's id", id, "Change it when you use a code made on the command line."),
    problems(), h("button", { class: "primary wide" }, "Sign in"));
  const enter = () => submitting(form, async () =>
    open(await call("POST", `${SUPERUSERS}/auth-with-otp`,
      { otpId: id.value, password: code.value, mfaId }, { token: "" })));
  return form;
}

export function requestReset() {
  const email = text("email", "", { type: "email", required: true, autofocus: true });
  const form = h("form", { class: "stack", onsubmit: (e) => (e.preventDefault(), ask()) },
    h("p", {}, "We send you a link with which you can set a new password."),
    labelled("E-mail", email), problems(),
    h("button", { class: "primary wide" }, "Send the link"), h("a", { href: "#/signin" }, "Back"));
  const ask = () => submitting(form, async () => {
    await call("POST", `${SUPERUSERS}/request-password-reset`, { email: email.value }, { token: "" });
    show(form, h("p", {}, "If that superuser exists, the mail is on its way."), h("a", { href: "#/signin" }, "Back"));
  });
  return card("Reset your password", form);
}

export function install(token) {
  const email = text("email", "", { type: "email", autocomplete: "username", required: true, autofocus: true });
  const password = text("password", "", { type: "password", autocomplete: "new-password", required: true, minlength: "8" });
  const again = text("passwordConfirm", "", { type: "password", autocomplete: "new-password", required: true });
  const form = h("form", { class: "stack", onsubmit: (e) => (e.preventDefault(), make()) },
    h("p", {}, "Welcome! The first superuser may do everything, here and through the API."),
    labelled("E-mail", email), labelled("Password", password, "8 characters or more."),
    labelled("Password again", again), problems(),
    h("button", { class: "primary wide" }, "Create superuser and sign in"));
  const make = () => submitting(form, async () => {
    const body = { email: email.value, password: password.value, passwordConfirm: again.value };
    await call("POST", recordsPath("_superusers"), body, { token });
    open(await call("POST", `${SUPERUSERS}/auth-with-password`,
      { identity: email.value, password: password.value }, { token: "" }));
    note("Superuser created.");
  });
  return card("Create your first superuser", form);
}
