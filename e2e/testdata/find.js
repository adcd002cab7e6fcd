// How a person finds things on a page: by their words, and only what is there to be seen.
const shown = (e) => e.checkVisibility({ visibilityProperty: true });
const words = (e) => (e.innerText || e.textContent).replace(/\s+/g, " ").trim();
const named = (e, name) => words(e) === name || e.getAttribute("aria-label") === name;
const clickable = (name) => {
  const all = [...document.querySelectorAll("a, button, summary, label")].filter((e) => shown(e) && !e.closest("[aria-hidden=true]"));
  const choices = all.filter((e) => e.matches(".choice"));
  return all.find((e) => named(e, name)) ?? choices.find((e) => words(e.querySelector("b")) === name);
};
// A label carries more than its name: "(optional)".
const field = (name) => {
  const labels = [...document.querySelectorAll("label")].filter((e) => shown(e) && words(e).replace(" (optional)", "") === name);
  return labels[0]?.control ?? [...document.querySelectorAll("input, textarea, select")].find((e) => shown(e) && e.getAttribute("aria-label") === name);
};
// The middle of an element that can be pressed: not disabled, not moving, not covered.
const middle = (e) => {
  if (!e || e.disabled) return [];
  e.scrollIntoView({ block: "center", behavior: "instant" });
  const box = e.getClientRects()[0];
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  return e.contains(document.elementFromPoint(x, y)) ? [x, y] : [];
};
// What makes the page wider than its window, "" when nothing does.
const wide = () => {
  const page = document.documentElement;
  if (page.scrollWidth <= page.clientWidth) return "";
  const out = [...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > page.clientWidth + 1);
  return `${page.scrollWidth} px, ${out.slice(-3).map((e) => e.outerHTML.slice(0, 120)).join(" ")}`;
};
// Whether the focus is on what is called so, and whether one sees that it is there.
const focused = (name) => {
  const e = document.activeElement;
  const labels = [...(e.labels ?? [])].map((label) => words(label).replace(" (optional)", ""));
  return named(e, name) || labels.includes(name);
};
const ringed = () => {
  let e = document.activeElement;
  if (getComputedStyle(e).opacity === "0") e = e.closest("label"); // a choice
  const style = getComputedStyle(e);
  return style.outlineStyle !== "none" || style.boxShadow !== "none";
};
// What a screen reader could not name, and ids that stand twice; "" when all is well.
const unclear = () => {
  const controls = [...document.querySelectorAll("a, button, summary, input:not([type=hidden]), select, textarea")].filter(shown);
  const nameless = controls.filter((e) => !words(e) && !e.getAttribute("aria-label") && !e.labels?.length).map((e) => e.outerHTML.slice(0, 120));
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  const doubled = ids.filter((id, i) => ids.indexOf(id) !== i).map((id) => "twice: " + id);
  return [...nameless, ...doubled].join("\n");
};
