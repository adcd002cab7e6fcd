// Follows what the instances of an app write: a line a message, resumed by cursor, never more than a bounded number
// of rows. Scrolling up pauses; what comes meanwhile is counted and kept. Above the live lines stand those of before
// that fit the search, page by page, and between them what happened to the app. In a range of the past nothing is live.
"use strict";

document.querySelectorAll("[data-logs]").forEach((box) => {
  const part = (name) => box.querySelector(`[data-log-${name}]`);
  const words = (key, n) => box.dataset[`text${key}`].replace(/\{\w+\}/, n);
  const list = part("lines");
  const [maxRows, maxHeld, tail] = [5000, 5000, 500];
  const form = part("form");
  const live = box.dataset.logs !== "";
  const filter = { instance: "", stream: "", level: "", version: "", words: [], not: [], fields: JSON.parse(box.dataset.fields || "[]") };
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

  // position names the place of a line as the server does: nanoseconds, then the instance.
  function position(line) {
    if (line.position) return line.position;
    const [, second, fraction = "", zone] = line.time.match(/^([^.Z+]*)(?:\.(\d+))?(.*)$/);
    return `${BigInt(Date.parse(second + zone)) * 1000000n + BigInt(fraction.padEnd(9, "0"))}-${line.instance}`;
  }

  function row(line) {
    if (line.stream === "berth") return mark({ id: position(line), time: line.time, text: words("Quota", line.dropped.toLocaleString()), level: "warning" });
    const li = element("li", "", line.stream === "stderr" || line.level === "error" ? "is-error" : line.level === "warn" ? "is-warn" : "");
    const at = new Date(line.time);
    const time = element(box.dataset.lines ? "button" : "time", clock(at), "log-time");
    if (box.dataset.lines) {
      time.type = "button";
      time.setAttribute("aria-expanded", "false");
    }
    time.title = at.toLocaleString();
    const instance = element("b", line.instance.slice(0, 6));
    instance.title = `${line.instance} ${line.version}`;
    const text = element("span", "", "log-text");
    let plain = "";
    for (const [piece, classes] of ansi.parse(line.line)) {
      plain += piece;
      text.append(classes ? element("span", piece, classes) : piece);
    }
    if (line.part) text.classList.add("is-part");
    li.append(time, instance, element("i", line.stream === "stderr" ? box.dataset.textError : line.level || ""), text);
    li.at = at.getTime();
    li.line = { ...line, position: position(line), plain, find: plain.toLowerCase() };
    li.hidden = !fits(li.line);
    return li;
  }

  const gap = (n) => element("li", words("Dropped", n), "is-gap");

  const same = (name, line) => !filter[name] || line[name] === filter[name];

  function fits(line) {
    return same("instance", line) && same("stream", line) && same("level", line) && same("version", line) &&
      filter.words.every((w) => line.find.includes(w)) && !filter.not.some((w) => line.find.includes(w)) &&
      filter.fields.every((field) => {
        const [name, value] = split(field);
        return fieldsOf(line.line)?.some(([n, v]) => n === name && v === value);
      });
  }

  const split = (field) => [field.slice(0, field.indexOf("=")), field.slice(field.indexOf("=") + 1)];

  // fieldsOf returns the fields of a line that is a JSON object, those within others by names with dots.
  function fieldsOf(text) {
    if (!text.startsWith("{")) return null;
    const all = [];
    const walk = (prefix, value) => {
      if (value !== null && typeof value === "object" && !Array.isArray(value)) {
        for (const [name, inner] of Object.entries(value)) walk(prefix ? `${prefix}.${name}` : name, inner);
      } else if (prefix) all.push([prefix, typeof value === "string" ? value : JSON.stringify(value)]);
    };
    try {
      walk("", JSON.parse(text));
    } catch {
      return null;
    }
    return all;
  }

  // terms reads what was typed as the server does: words, "several together", -without.
  function terms(text) {
    const found = { words: [], not: [] };
    for (const [, minus, phrase, word] of text.toLowerCase().matchAll(/(-(?=\S))?(?:"([^"]*)"|(\S+))/g)) {
      if (phrase || word) found[minus ? "not" : "words"].push(phrase || word);
    }
    return found;
  }

  // Following and pausing.

  let following = true;
  const atEnd = () => list.scrollHeight - list.scrollTop - list.clientHeight < 8;

  function follow(yes) {
    following = yes;
    if (part("follow")) part("follow").checked = yes;
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
  part("follow")?.addEventListener("change", (event) => follow(event.target.checked));

  function arrive(line) {
    queue.push(line);
    learn(line);
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

  // learn offers the instance and the version of a line to choose from.
  function learn(line) {
    for (const [name, value, label] of [["instance", line.instance, line.instance.slice(0, 6)], ["version", line.version, line.version]]) {
      const select = part(name);
      if (!value || known.has(name + value)) continue;
      known.add(name + value);
      if (!select || Array.from(select.options).some((o) => o.value === value)) continue;
      const option = element("option", label);
      option.value = value;
      select.append(option);
    }
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
    trim();
    toEnd();
    count();
    settled();
  }

  // trim takes away the oldest rows; they can be had again.
  function trim() {
    const above = list.querySelector(".is-more");
    while (list.childElementCount > maxRows) {
      (above ? above.nextElementSibling : list.firstElementChild).remove();
      Object.assign(past, { next: "", more: true });
    }
  }

  // The lines of before.

  const past = { next: "", more: true, busy: false, asked: 0 };

  function search() {
    const params = form ? new URLSearchParams(new FormData(form)) : new URLSearchParams();
    if (params.get("range") !== "custom") ["from", "to"].forEach((name) => params.delete(name));
    for (const [name, value] of [...params]) if (!value) params.delete(name, value);
    for (const field of filter.fields) params.append("field", field);
    return params;
  }

  // oldest is the line above all others: the next page ends before it.
  const oldest = () => Array.from(list.children).find((li) => li.line);

  // older puts a page of lines that fit above those that are there, and keeps the eye where it was.
  async function older() {
    if (past.busy || !past.more || !box.dataset.lines) return;
    past.busy = true;
    const asked = past.asked;
    const params = search();
    const from = past.next || oldest()?.line.position || "";
    if (from) params.set("cursor", from);
    head("loading");
    let page = null;
    try {
      const answer = await fetch(`${box.dataset.lines}?${params}`);
      page = answer.ok ? await answer.json() : null;
    } catch {
      // said below
    }
    past.busy = false;
    if (asked !== past.asked) return older(); // the search has changed meanwhile
    if (!page) return head("away");
    past.next = page.next || "";
    past.more = Boolean(page.next);
    const rows = page.items.reverse().map((line) => {
      const li = row(line);
      li.classList.add("is-older");
      learn(line);
      return li;
    });
    const pinned = following && atEnd();
    const height = list.scrollHeight;
    const at = list.scrollTop;
    head(past.more ? "older" : "begin");
    const below = list.querySelector(".is-more");
    below.after(...rows);
    if (pinned) toEnd();
    else list.scrollTop = at + list.scrollHeight - height;
    count();
    marks();
  }

  // head is what stands above all lines.
  function head(word) {
    const pinned = following && atEnd();
    let li = list.querySelector(".is-more");
    if (!li) {
      li = element("li", "", "is-more");
      list.prepend(li);
    }
    const button = word === "older" || word === "away";
    const inside = element(button ? "button" : "span", box.dataset[`text${word[0].toUpperCase()}${word.slice(1)}`]);
    if (button) {
      inside.type = "button";
      inside.addEventListener("click", older);
    }
    li.replaceChildren(inside);
    if (pinned) toEnd();
  }

  // anew asks for the lines of before once more, for another search.
  let asking = 0;
  function anew() {
    past.asked++;
    Object.assign(past, { next: "", more: true });
    list.querySelectorAll(".is-older").forEach((li) => li.remove());
    clearTimeout(asking);
    asking = setTimeout(older, 300);
  }

  // settled is called when the first live lines are there.
  let begun = false;
  function settled() {
    if (begun || !box.dataset.lines) return;
    begun = true;
    older();
  }

  list.addEventListener("scroll", () => {
    if (begun && list.scrollTop < 40 && !following) older();
  }, { passive: true });

  // What happened to the app, between the lines.

  const marked = new Set();

  function mark(event) {
    const li = element("li", "", `is-mark is-${event.level}`);
    const at = new Date(event.time);
    const time = element("time", clock(at));
    time.title = at.toLocaleString();
    li.at = at.getTime();
    li.append(time, element("span", event.text));
    return li;
  }

  async function marks() {
    const first = oldest();
    if (!box.dataset.marks || !first || document.hidden) return;
    const last = list.lastElementChild.at;
    const span = new URLSearchParams({ from: new Date(first.at).toISOString() });
    if (!live && last) span.set("to", new Date(last + 1).toISOString());
    const answer = await fetch(`${box.dataset.marks}?${span}`).catch(() => null);
    if (!answer?.ok) return;
    const pinned = following && atEnd();
    for (const event of await answer.json()) {
      const at = Date.parse(event.time);
      if (marked.has(event.id) || !live && last && at > last) continue;
      marked.add(event.id);
      let below = list.lastElementChild;
      while (below && !(below.at <= at)) below = below.previousElementSibling;
      const li = mark(event);
      if (below) below.after(li);
      else list.prepend(li);
    }
    if (pinned) toEnd();
  }
  if (box.dataset.marks && live) setInterval(marks, 10000);

  // A line and what is around it.

  list.addEventListener("click", (event) => {
    const opener = event.target.closest(".log-time[aria-expanded]");
    if (!opener) return;
    const li = opener.closest("li");
    const open = opener.getAttribute("aria-expanded") === "true";
    opener.setAttribute("aria-expanded", String(!open));
    if (open) li.nextElementSibling?.classList.contains("is-detail") && li.nextElementSibling.remove();
    else li.after(details(li.line));
    if (!open && following && li !== list.lastElementChild) follow(false);
  });

  function details(line) {
    const li = element("li", "", "is-detail");
    const facts = element("dl");
    const fact = (name, value, only) => {
      const dd = element("dd", "", "");
      dd.append(element("span", value));
      if (only) {
        const button = element("button", box.dataset.textOnly, "link");
        button.type = "button";
        button.addEventListener("click", only);
        dd.append(" ", button);
      }
      facts.append(element("dt", name), dd);
    };
    const choose = (name, value) => () => {
      const select = part(name);
      select.value = value;
      select.dispatchEvent(new Event("change"));
    };
    fact(box.dataset.textTime, new Date(line.time).toLocaleString() + " · " + line.time);
    fact(box.dataset.textInstance, line.instance, part("instance") && choose("instance", line.instance));
    fact(box.dataset.textVersion, line.version, part("version") && choose("version", line.version));
    fact(box.dataset.textStream, line.stream);
    if (line.level) fact(box.dataset.textLevel, line.level, part("level") && choose("level", line.level));
    if (line.part) fact("", box.dataset.textPart);
    for (const [name, value] of fieldsOf(line.line) || []) {
      fact(name, value, () => {
        if (!filter.fields.includes(`${name}=${value}`)) filter.fields.push(`${name}=${value}`);
        chips();
        changed();
      });
    }
    const button = element("button", box.dataset.textContext, "button button-small");
    button.type = "button";
    button.addEventListener("click", () => around(line, button));
    li.append(facts, button);
    return li;
  }

  async function around(line, button) {
    button.disabled = true;
    const answer = await fetch(`${box.dataset.lines}?around=${line.position}&instance=${line.instance}`).catch(() => null);
    if (!answer?.ok) {
      button.disabled = false;
      button.textContent = box.dataset.textAway;
      return;
    }
    const lines = element("ol", "", "log-context");
    for (const l of (await answer.json()).items) {
      const li = row(l);
      li.hidden = false;
      if (l.position === line.position) li.classList.add("is-hit");
      li.querySelector(".log-time")?.replaceWith(element("time", clock(new Date(l.time)), "log-time"));
      lines.append(li);
    }
    button.replaceWith(lines);
  }

  function chips() {
    const bar = part("chips");
    if (!bar) return;
    bar.hidden = filter.fields.length === 0;
    bar.replaceChildren(...filter.fields.map((field) => {
      const chip = element("button", `${field} ×`, "chip");
      chip.type = "button";
      chip.setAttribute("aria-label", box.dataset.textDrop.replace("{field}", field));
      chip.addEventListener("click", () => {
        filter.fields = filter.fields.filter((f) => f !== field);
        chips();
        changed();
      });
      return chip;
    }));
  }

  function count() {
    const shown = list.querySelectorAll("li:not([hidden], .is-gap, .is-mark, .is-more, .is-detail, .log-context li)").length;
    part("count").textContent = words("Lines", shown.toLocaleString());
    if (part("hits")) part("hits").textContent = filter.words.length ? words("Hits", shown.toLocaleString()) : "";
    part("empty").hidden = shown > 0;
    part("empty").textContent = !live ? (past.busy ? box.dataset.textLoading : box.dataset.textNone)
      : list.querySelector("li:not(.is-more)") ? box.dataset.textNoMatch : open ? box.dataset.textWaiting : box.dataset.textConnecting;
    highlight();
  }

  // highlight shows where the search fits, without touching the rows.
  function highlight() {
    if (!CSS.highlights || !part("search")) return;
    CSS.highlights.delete("log-search");
    if (!filter.words.length) return;
    const ranges = [];
    for (const text of list.querySelectorAll("li:not([hidden]) .log-text")) {
      const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node && ranges.length < 2000; node = walker.nextNode()) {
        const text = node.data.toLowerCase();
        for (const word of filter.words) {
          const at = text.indexOf(word);
          if (at < 0) continue;
          const range = new Range();
          range.setStart(node, at);
          range.setEnd(node, Math.min(at + word.length, node.length));
          ranges.push(range);
        }
      }
    }
    CSS.highlights.set("log-search", new Highlight(...ranges));
  }

  function refilter() {
    for (const li of list.children) if (li.line) li.hidden = !fits(li.line);
    if (following) toEnd();
    count();
  }

  // read takes the filter from the form; changed also carries it into the address and asks for what fits of before.
  function read() {
    Object.assign(filter, terms(part("search")?.value || ""));
    for (const name of ["instance", "level", "version"]) filter[name] = part(name)?.value || "";
    filter.stream = box.querySelector("[data-log-stream]:checked")?.value || "";
  }

  function changed() {
    read();
    refilter();
    if (!box.dataset.lines) return;
    const params = search();
    history.replaceState(null, "", params.size ? `?${params}` : location.pathname);
    box.querySelectorAll("[data-log-file]").forEach((link) => {
      const own = new URLSearchParams(params);
      own.set("format", link.dataset.logFile);
      link.href = `${box.dataset.file}?${own}`;
    });
    if (begun) anew();
  }
  part("search")?.addEventListener("input", changed);
  ["instance", "level", "version"].forEach((name) => part(name)?.addEventListener("change", changed));
  box.querySelectorAll("[data-log-stream]").forEach((radio) => radio.addEventListener("change", changed));

  // Another range is another page; for days and hours one chooses first.
  part("range")?.addEventListener("change", (event) => {
    part("custom").hidden = event.target.value !== "custom";
    if (event.target.value !== "custom") visit();
  });
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    visit();
  });
  const visit = () => location.assign(`${location.pathname}?${search()}`);
  part("wrap")?.addEventListener("change", (event) => list.classList.toggle("log-nowrap", !event.target.checked));

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
      setTimeout(settled, 1000); // nothing may be written for long
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
  read();
  chips();
  if (live) {
    state("busy", "busy", box.dataset.textConnecting);
    connect();
  } else {
    state("ok", "ok", box.dataset.textPast);
    begun = true;
    older();
  }
});
