// Follows what the instances of an app write: a line a message, resumed by cursor, never more than a bounded number
// of rows. Scrolling up pauses; what comes meanwhile is counted and kept.
"use strict";

document.querySelectorAll("[data-logs]").forEach((box) => {
  const part = (name) => box.querySelector(`[data-log-${name}]`);
  const words = (key, n) => box.dataset[`text${key}`].replace(/\{\w+\}/, n);
  const list = part("lines");
  const [maxRows, maxHeld, tail] = [5000, 5000, 500];
  const filter = { instance: "", stream: "", search: "" };
  const known = new Set();
  let queue = []; // arrived, not yet on the page
  let held = 0; // of them arrived while paused
  let lost = 0; // given up while paused
  let timer = 0;

  // Rows.

  function element(name, text, className) {
    const e = document.createElement(name);
    if (className) e.className = className;
    if (text) e.textContent = text;
    return e;
  }

  function clock(time) {
    const two = (n) => String(n).padStart(2, "0");
    return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${String(time.getMilliseconds()).padStart(3, "0")}`;
  }

  function row(line) {
    const li = element("li", "", line.stream === "stderr" ? "is-error" : "");
    const at = new Date(line.time);
    const time = element("time", clock(at));
    time.title = at.toLocaleString();
    const instance = element("b", line.instance.slice(0, 6));
    instance.title = `${line.instance} ${line.version}`;
    const text = element("span", "", "log-text");
    let plain = "";
    for (const [piece, classes] of ansi.parse(line.line)) {
      plain += piece;
      text.append(classes ? element("span", piece, classes) : piece);
    }
    li.append(time, instance, element("i", line.stream === "stderr" ? box.dataset.textError : ""), text);
    li.line = { instance: line.instance, stream: line.stream, plain, find: plain.toLowerCase() };
    li.hidden = !fits(li.line);
    return li;
  }

  const gap = (n) => element("li", words("Dropped", n), "is-gap");

  function fits(line) {
    return (!filter.instance || line.instance === filter.instance) && (!filter.stream || line.stream === filter.stream) &&
      (!filter.search || line.find.includes(filter.search));
  }

  // Following and pausing.

  let following = true;
  const atEnd = () => list.scrollHeight - list.scrollTop - list.clientHeight < 8;

  function follow(yes) {
    following = yes;
    part("follow").checked = yes;
    if (yes) {
      held = 0;
      flush();
    }
    pill();
  }

  function pill() {
    part("newest").hidden = following;
    part("new").textContent = words("New", (held + lost).toLocaleString());
  }

  function toEnd() {
    list.scrollTop = list.scrollHeight;
  }
  new ResizeObserver(() => following && toEnd()).observe(list);
  list.addEventListener("scroll", () => {
    if (following && !atEnd()) follow(false);
    else if (!following && atEnd()) follow(true);
  }, { passive: true });
  part("newest").addEventListener("click", () => {
    follow(true);
    list.focus({ preventScroll: true });
  });
  part("follow").addEventListener("change", (event) => follow(event.target.checked));

  function arrive(line) {
    queue.push(line);
    if (!known.has(line.instance)) learn(line.instance);
    if (following) {
      timer ||= setTimeout(flush, 50);
      if (queue.length > maxRows) lost += queue.shift() ? 1 : 0;
      return;
    }
    held++;
    if (queue.length > maxHeld) {
      queue.shift();
      held--;
      lost++;
    }
    pill();
  }

  function learn(instance) {
    known.add(instance);
    const select = part("instance");
    if (!select || Array.from(select.options).some((o) => o.value === instance)) return;
    const option = element("option", instance.slice(0, 6));
    option.value = instance;
    select.append(option);
  }

  function flush() {
    timer = 0;
    const rows = document.createDocumentFragment();
    if (lost) rows.append(gap(lost));
    for (const line of queue) {
      if (line.dropped) rows.append(gap(line.dropped));
      rows.append(row(line));
    }
    queue = [];
    lost = 0;
    list.append(rows);
    while (list.childElementCount > maxRows) list.firstElementChild.remove();
    toEnd();
    count();
  }

  function count() {
    const shown = list.querySelectorAll("li:not([hidden], .is-gap)").length;
    part("count").textContent = words("Lines", shown.toLocaleString());
    if (part("hits")) part("hits").textContent = filter.search ? words("Hits", shown.toLocaleString()) : "";
    part("empty").hidden = shown > 0;
    part("empty").textContent = list.childElementCount > 0 ? box.dataset.textNoMatch : open ? box.dataset.textWaiting : box.dataset.textConnecting;
    mark();
  }

  // mark shows where the search fits, without touching the rows.
  function mark() {
    if (!CSS.highlights || !part("search")) return;
    CSS.highlights.delete("log-search");
    if (!filter.search) return;
    const ranges = [];
    for (const text of list.querySelectorAll("li:not([hidden]) .log-text")) {
      const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node && ranges.length < 2000; node = walker.nextNode()) {
        const at = node.data.toLowerCase().indexOf(filter.search);
        if (at < 0) continue;
        const range = new Range();
        range.setStart(node, at);
        range.setEnd(node, at + filter.search.length);
        ranges.push(range);
      }
    }
    CSS.highlights.set("log-search", new Highlight(...ranges));
  }

  function refilter() {
    for (const li of list.children) if (li.line) li.hidden = !fits(li.line);
    if (following) toEnd();
    count();
  }
  part("search")?.addEventListener("input", (event) => {
    filter.search = event.target.value.trim().toLowerCase();
    refilter();
  });
  part("instance")?.addEventListener("change", (event) => {
    filter.instance = event.target.value;
    refilter();
  });
  box.querySelectorAll("[data-log-stream]").forEach((radio) =>
    radio.addEventListener("change", () => {
      filter.stream = radio.value;
      refilter();
    }));
  part("wrap")?.addEventListener("change", (event) => list.classList.toggle("log-nowrap", !event.target.checked));

  part("download")?.addEventListener("click", (event) => {
    const text = Array.from(list.querySelectorAll("li:not([hidden])"), (li) =>
      li.line ? `${li.firstElementChild.textContent} ${li.line.instance} ${li.line.stream} ${li.line.plain}` : li.textContent).join("\n");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text + "\n"], { type: "text/plain" }));
    link.download = event.target.closest("button").dataset.logDownload;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });

  // The connection.

  let cursor = "";
  let failures = 0;
  let open = false;

  function state(icon, kind, word) {
    part("state").className = `state state-${kind}`;
    box.querySelectorAll("[data-log-icon]").forEach((i) => (i.hidden = i.dataset.logIcon !== icon));
    part("word").textContent = word;
  }

  function connect() {
    const url = new URL(box.dataset.logs, location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    if (cursor) url.searchParams.set("since", cursor);
    else url.searchParams.set("tail", tail);
    const socket = new WebSocket(url);
    socket.onopen = () => {
      open = true;
      failures = 0;
      state("ok", "ok", box.dataset.textConnected);
      count();
    };
    socket.onmessage = (event) => {
      const line = JSON.parse(event.data);
      if (line.cursor) cursor = line.cursor;
      if (line.instance) arrive(line);
    };
    socket.onclose = () => retry();
  }

  async function retry() {
    open = false;
    failures++;
    if (failures > 2 && (await refused())) {
      state("bad", "bad", box.dataset.textRefused);
      return;
    }
    let wait = Math.min(30, 2 ** (failures - 1));
    const tick = () => {
      if (wait <= 0) {
        state("busy", "warn", box.dataset.textConnecting);
        connect();
        return;
      }
      state("busy", "warn", words("Reconnecting", wait));
      wait--;
      setTimeout(tick, 1000);
    };
    tick();
  }

  // refused reports whether the page itself is not to be had any more: signed out, or the app is gone.
  async function refused() {
    const answer = await fetch(location.href, { method: "HEAD" }).catch(() => null);
    return answer !== null && (answer.redirected || answer.status === 404 || answer.status === 403);
  }

  const minutes = -new Date().getTimezoneOffset();
  const offset = `UTC${minutes < 0 ? "-" : "+"}${Math.floor(Math.abs(minutes) / 60)}${minutes % 60 ? `:${String(Math.abs(minutes) % 60).padStart(2, "0")}` : ""}`;
  if (part("zone")) part("zone").textContent = words("Zone", offset);
  state("busy", "busy", box.dataset.textConnecting);
  connect();
});
