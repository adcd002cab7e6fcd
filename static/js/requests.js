// Adds requests on top of the list as they come, while its switch is on. Everything is put in as text.
"use strict";

document.querySelectorAll("[data-requests]").forEach((toggle) => {
  const rows = document.querySelector("[data-requests-rows]");
  const note = document.querySelector("[data-requests-note]");
  const none = document.querySelector("[data-requests-none]");
  const most = 500;
  let socket = null;
  let wait = 500;
  let missed = 0;

  // What comes from outside must not turn the text around or hide in it.
  const plain = (text) => String(text ?? "").replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "\uFFFD");

  function element(name, text, className) {
    const e = document.createElement(name);
    if (className) e.className = className;
    if (text !== undefined) e.textContent = text;
    return e;
  }

  function cell(label, className, ...content) {
    const td = element("td", undefined, className);
    if (label) td.dataset.label = rows.dataset[`label${label}`];
    td.append(...content);
    return td;
  }

  function took(ms) {
    if (ms < 10) return `${ms.toFixed(1)} ms`;
    return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
  }

  function size(bytes) {
    const units = ["B", "KB", "MB", "GB", "TB"];
    let i = 0;
    while (bytes >= 1024 && i < units.length - 1) [bytes, i] = [bytes / 1024, i + 1];
    return `${i && bytes < 10 ? bytes.toFixed(1) : Math.round(bytes)} ${units[i]}`;
  }

  function kind(line) {
    if (!line.status) return "quiet";
    if (line.status >= 500 || (line.fault && line.fault !== "left")) return "is-bad";
    return line.status >= 400 ? "is-warn" : "is-ok";
  }

  function row(line) {
    const tr = element("tr");
    const at = new Date(line.time);
    const time = element("time", at.toLocaleTimeString());
    time.dateTime = line.time;
    time.title = at.toLocaleString();
    const request = element("bdi");
    request.append(element("code", `${plain(line.method)} ${plain(line.path)}`));
    const more = element("span", `${plain(line.domain)} · ${plain(line.protocol)} · ${plain(line.user_agent)}`, "second");
    const version = element("span", plain(line.instance), "second");
    tr.append(cell("", "", time), cell("Status", "", element("b", line.status || "–", kind(line))), cell("Request", "wrap", request, more),
      cell("Took", "number", took(line.duration_ms)), cell("Size", "number", size(line.bytes_out)), cell("Source", "", element("bdi", plain(line.source))),
      cell("Version", "", `${plain(line.version)} `, version));
    return tr;
  }

  function arrive(line) {
    if (line.missed) note.textContent = toggle.dataset.textMissed.replace("{n}", (missed += line.missed).toLocaleString());
    if (none) none.hidden = true;
    rows.prepend(row(line));
    while (rows.childElementCount > most) rows.lastElementChild.remove();
  }

  function open() {
    const url = new URL(toggle.dataset.requests, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    socket = new WebSocket(url);
    socket.addEventListener("open", () => (wait = 500));
    socket.addEventListener("message", (event) => arrive(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => {
      if (!toggle.checked || event.target !== socket) return;
      if (event.code === 1008) {
        toggle.checked = false;
        note.textContent = toggle.dataset.textRefused;
        return;
      }
      setTimeout(() => toggle.checked && event.target === socket && open(), wait);
      wait = Math.min(2 * wait, 10000);
    });
  }

  toggle.addEventListener("change", () => {
    note.textContent = "";
    missed = 0;
    if (toggle.checked) return open();
    const old = socket;
    socket = null;
    if (old) old.close();
  });
  if (toggle.checked) open();
});
