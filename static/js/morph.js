// A swap for htmx that changes only what differs, so that the focus, a selection, an open menu and a spinning icon
// survive an update of the part of the page around them.
"use strict";

// What the person changed on the page is not the server's to take back.
const theirs = (element, name) =>
  (name === "open" && (element.nodeName === "DETAILS" || element.nodeName === "DIALOG")) ||
  ((name === "value" || name === "checked") && element === document.activeElement);

function morphAttributes(from, to) {
  for (const { name } of Array.from(from.attributes)) {
    if (!to.hasAttribute(name) && !theirs(from, name) && name !== "class") from.removeAttribute(name);
  }
  for (const { name, value } of Array.from(to.attributes)) {
    if (from.getAttribute(name) !== value && !theirs(from, name)) from.setAttribute(name, value);
  }
  if (!to.hasAttribute("class") && from.hasAttribute("class")) from.removeAttribute("class");
}

const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.id || "") === (b.id || "");

// added collects the elements that are new, for htmx to look at.
function morphChildren(from, to, added) {
  let old = from.firstChild;
  for (const fresh of Array.from(to.childNodes)) {
    let match = old;
    while (match && !alike(match, fresh)) match = fresh.id ? match.nextSibling : null;
    if (!match) {
      from.insertBefore(fresh, old);
      if (fresh.nodeType === Node.ELEMENT_NODE) added.push(fresh);
      continue;
    }
    while (old !== match) {
      const gone = old;
      old = old.nextSibling;
      gone.remove();
    }
    old = match.nextSibling;
    morph(match, fresh, added);
  }
  while (old) {
    const gone = old;
    old = old.nextSibling;
    gone.remove();
  }
}

function morph(from, to, added) {
  if (from.isEqualNode(to)) return;
  if (from.nodeType !== Node.ELEMENT_NODE) {
    if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue;
    return;
  }
  morphAttributes(from, to);
  if (from.nodeName !== "TEXTAREA") morphChildren(from, to, added);
}

htmx.defineExtension("morph", {
  isInlineSwap: () => false,
  handleSwap: (style, target, fragment) => {
    if (style !== "morph") return false;
    const added = [];
    morphChildren(target, fragment, added);
    return added;
  },
});
