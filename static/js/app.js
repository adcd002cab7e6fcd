// What every page does: copy, dialogs, menus, theme, time zone. Everything works without it, only less smoothly.
"use strict";

const on = (type, selector, handle) =>
  document.addEventListener(type, (event) => {
    const target = event.target instanceof Element && event.target.closest(selector);
    if (target) handle(target, event);
  });

// The server words times in this zone from the next page on.
document.cookie = `berth_zone=${encodeURIComponent(Intl.DateTimeFormat().resolvedOptions().timeZone || "")};path=/;max-age=31536000;samesite=lax`;

async function copy(text) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

on("click", "[data-copy]", async (button) => {
  await copy(button.dataset.copy);
  const was = button.getAttribute("aria-label");
  button.classList.add("copied");
  if (was) button.setAttribute("aria-label", button.dataset.copied);
  setTimeout(() => {
    button.classList.remove("copied");
    if (was) button.setAttribute("aria-label", was);
  }, 1500);
});

// Dialogs: a link that has a page of its own opens the dialog of that name instead, where there is one.
on("click", "[data-dialog]", (link, event) => {
  const dialog = document.getElementById(link.dataset.dialog);
  if (!(dialog instanceof HTMLDialogElement)) return;
  event.preventDefault();
  link.closest("details")?.removeAttribute("open");
  dialog.showModal();
  dialog.querySelector("input:not([type=radio])")?.focus();
});
on("click", "[data-close-dialog]", (link, event) => {
  const dialog = link.closest("dialog");
  if (!dialog) return;
  event.preventDefault();
  dialog.close();
});

// The typed name enables the red button.
function judge(form) {
  const typed = form.querySelector("input[name=name], input[name=email]").value.trim();
  form.querySelector("[data-typed-submit]").disabled = typed !== form.dataset.typedName;
}
on("input", "[data-typed-name] input", (input) => judge(input.form));
document.querySelectorAll("[data-typed-name]").forEach(judge);

on("submit", "[data-confirm]", (form, event) => {
  if (!window.confirm(form.dataset.confirm)) event.preventDefault();
});

// A form is sent once.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("hx-post")) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
});
window.addEventListener("pageshow", () => document.querySelectorAll("[data-sent]").forEach((f) => delete f.dataset.sent));

// Menus close when one goes elsewhere.
document.addEventListener("click", (event) => {
  document.querySelectorAll("[data-menu][open]").forEach((menu) => {
    if (!menu.contains(event.target)) menu.removeAttribute("open");
  });
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  document.querySelectorAll("[data-menu][open]").forEach((menu) => {
    menu.removeAttribute("open");
    menu.querySelector("summary").focus();
  });
});

on("change", "[data-theme-select]", async (select) => {
  if (select.value === "auto") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.setAttribute("data-theme", select.value);
  await fetch(select.form.action, {
    method: "POST",
    headers: { "X-Requested-With": "fetch" },
    body: new URLSearchParams({ theme: select.value }),
  });
});

// A toast goes by itself, unless one is at it.
on("click", "[data-dismiss]", (button) => button.closest("[data-toast]").remove());
document.querySelectorAll("[data-toast]").forEach((toast) => {
  setTimeout(() => toast.matches(":hover, :focus-within") || toast.remove(), 8000);
});
if (new URLSearchParams(location.search).has("accepted") || new URLSearchParams(location.search).has("deleted")) {
  const url = new URL(location.href);
  url.searchParams.delete("accepted");
  url.searchParams.delete("deleted");
  history.replaceState(history.state, "", url);
}

// A form that comes back with faults: the first of them has the focus, and is read aloud with what is wrong.
const faulty = document.querySelector("main .error")?.closest(".env-row, .field");
(faulty?.querySelector("[aria-invalid=true]") ?? faulty?.querySelector("input:not([type=hidden]), select, textarea"))?.focus();

// Rows of the environment editor.
on("click", "[data-env-add]", (button) => {
  const rows = button.closest("[data-env]").querySelector("[data-env-rows]");
  const all = rows.querySelectorAll("[data-env-row]");
  const row = all[all.length - 1].cloneNode(true);
  const key = String(1 + Math.max(...Array.from(rows.querySelectorAll("[name=env_key]"), (k) => Number(k.value))));
  row.classList.remove("without-script");
  row.querySelectorAll(".error").forEach((e) => e.remove());
  row.querySelector("[name=env_key]").value = key;
  row.querySelector("[name=env_name]").value = "";
  row.querySelector("[name=env_name]").removeAttribute("aria-invalid");
  row.querySelector("[name=env_value]").value = "";
  row.querySelector("[name=env_secret]").value = key;
  row.querySelector("[name=env_secret]").checked = false;
  rows.append(row);
  row.querySelector("[name=env_name]").focus();
});
on("click", "[data-env-remove]", (button) => {
  const row = button.closest("[data-env-row]");
  if (row.parentElement.children.length > 1) row.remove();
  else row.querySelectorAll("input, textarea").forEach((i) => (i.type === "checkbox" ? (i.checked = false) : i.name !== "env_key" && (i.value = "")));
});

// The address follows the name until one writes it oneself.
const slug = (name) => name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 63);
on("input", "[data-slug-input]", (input) => (input.dataset.own = input.value ? "1" : ""));
on("input", "input[name=name]", (input) => {
  const address = input.form.querySelector("[data-slug-input]");
  if (!address || address.dataset.own) return;
  address.value = slug(input.value);
  address.dispatchEvent(new Event("slug"));
});
on("click", "[data-slug-use]", (button) => {
  const address = button.closest("[data-slug]").querySelector("[data-slug-input]");
  address.value = button.dataset.slugUse;
  address.dataset.own = "1";
  address.focus();
  address.dispatchEvent(new Event("slug"));
});
document.querySelectorAll("[data-slug-input]").forEach((address) => {
  const name = address.form.querySelector("input[name=name], input[name=email]");
  if (address.value && name && address.value !== slug(name.value)) address.dataset.own = "1";
});

// A stream that cannot be had again: the page itself says why.
let leaving = false;
window.addEventListener("pagehide", () => (leaving = true));
window.addEventListener("pageshow", () => (leaving = false));
document.addEventListener("htmx:sseError", () => {
  setTimeout(async () => {
    if (leaving) return;
    const answer = await fetch(location.href, { method: "HEAD" }).catch(() => null);
    if (answer && (answer.status === 404 || answer.redirected)) location.reload();
  }, 1000);
});

// A slider and the number beside it are one value.
document.addEventListener("input", (event) => {
  const twin = event.target.dataset && event.target.dataset.mirror && document.getElementById(event.target.dataset.mirror);
  if (twin) twin.value = event.target.value;
});

// On a narrow screen the tab of this page may be further on than the bar shows.
const currentTab = document.querySelector(".tabs [aria-current]");
if (currentTab) {
  const bar = currentTab.parentElement;
  const [outer, inner] = [bar.getBoundingClientRect(), currentTab.getBoundingClientRect()];
  if (inner.right > outer.right) bar.scrollLeft += inner.left - outer.left - (outer.width - inner.width) / 2;
}

// Rows of a form that come and go. A row's key is in its inputs, where the server put it in the others.
on("click", "[data-row-add]", (button) => {
  const rows = button.closest("[data-rows]");
  const list = rows.querySelector("[data-rows-list]");
  const row = rows.querySelector("template").content.querySelector("[data-row]").cloneNode(true);
  const key = String(1 + Math.max(-1, ...Array.from(list.querySelectorAll("input[type=hidden][data-key]"), (k) => Number(k.value))));
  row.querySelectorAll("[data-key]").forEach((i) => (i.value = key + i.value));
  list.append(row);
  htmx.process(row);
  row.querySelector("select").focus();
});
on("click", "[data-row-remove]", (button) => {
  const [row, rows] = [button.closest("[data-row]"), button.closest("[data-rows]")];
  row.remove();
  rows.querySelector("[data-row-add]").focus();
  rows.dispatchEvent(new Event("rows", { bubbles: true }));
});
