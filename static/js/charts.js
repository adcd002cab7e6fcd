// Draws the past of a metric: mean and most, the period before, the limit, and what happened meanwhile; or a line for
// each instance. Pointer and arrow keys move along it alike, and what is under them is shown and read aloud; the tables
// beside say the same without it.
"use strict";

const token = (name) => {
  const probe = document.createElement("span");
  probe.className = "visually-hidden";
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
};

// Amounts and times are written as on the rest of the page, views/i18n/format.go.
const units = ["B", "KB", "MB", "GB", "TB"];
function bytes(v) {
  let at = 0;
  while (v >= 1000 && at < units.length - 1) { v /= 1024; at++; }
  return `${at === 0 || v >= 100 || Number.isInteger(v) ? Math.round(v) : v.toFixed(1)} ${units[at]}`;
}
const count = (v) => (Number.isInteger(v) || v >= 100 ? String(Math.round(v)) : v < 1 ? String(Number(v.toPrecision(2))) : v.toFixed(1));
const written = {
  bytes,
  rate: (v, text) => text.each.replace("{n}", bytes(v)),
  seconds: (v, text) => text.milliseconds.replace("{n}", v < 0.01 ? count(v * 1000) : Math.round(v * 1000)),
  cores: (v) => v.toFixed(2),
  each: (v, text) => text.each.replace("{n}", count(v)),
  count,
};

const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const say = (at, how) => new Date(at * 1000).toLocaleString(language, how);

// The lines of instances are told apart by hue, each readable on its ground. An instance has the same in every chart.
const dark = () => (document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
const instances = [];
function hue(instance) {
  if (!instances.includes(instance)) instances.push(instance);
  return `hsl(${(215 + instances.indexOf(instance) * 137.5) % 360} 60% ${dark() ? 66 : 40}%)`;
}

// Where an axis begins to make sense, and the steps at which it can be read: whole things, and sizes as they are said.
const least = { bytes: 1024, rate: 1024, seconds: 0.01, cores: 0.1, each: 0.1, count: 1 };
const whole = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000];
const sizes = Array.from({ length: 44 }, (_, n) => 2 ** n);
const steps = { bytes: sizes, rate: sizes, count: whole, seconds: whole.map((n) => n / 1000), cores: whole.map((n) => n / 100) };

// One row a step, so that a step where nothing was measured is a gap.
function columns(data, lines) {
  const { from, to } = span(data), step = seconds(data.step);
  const times = [], at = new Map();
  for (let t = Math.floor(from / step) * step; t < to; t += step) { at.set(t, times.length); times.push(t); }
  return [times, ...lines.map((line) => {
    const values = new Array(times.length).fill(null);
    for (const point of line.from?.points || []) {
      const i = at.get(Math.floor(point[0] / step) * step);
      if (i !== undefined) values[i] = point[line.field];
    }
    return values;
  })];
}
const span = (data) => ({ from: Date.parse(data.from) / 1000, to: Date.parse(data.to) / 1000 });

// alone are the steps of a line that have no neighbour to be joined to: they are drawn as dots.
const alone = (u, n) => [...u.data[n].keys()].filter((i) => u.data[n][i] != null && u.data[n][i - 1] == null && u.data[n][i + 1] == null);

function seconds(text) {
  let total = 0;
  for (const [, n, unit] of String(text).matchAll(/([\d.]+)(h|ms|m|s)/g)) total += Number(n) * { h: 3600, m: 60, s: 1, ms: 0.001 }[unit];
  return total || 60;
}

// Events are dotted lines across the plot, with a sign on top: a diamond for a release, a disc for a crash, a square for
// a change of scale.
const signs = {
  release: (ctx, x, y, r) => { ctx.moveTo(x, y - r); ctx.lineTo(x + r, y); ctx.lineTo(x, y + r); ctx.lineTo(x - r, y); },
  crash: (ctx, x, y, r) => ctx.arc(x, y, r * 0.85, 0, 2 * Math.PI),
  scale: (ctx, x, y, r) => ctx.rect(x - r * 0.8, y - r * 0.8, r * 1.6, r * 1.6),
};
const signColor = (sign, colors) => ({ release: colors.accent, crash: colors.bad })[sign] || colors.ink;
function sign(ctx, kind, x, y, r) {
  ctx.beginPath();
  (signs[kind] || signs.scale)(ctx, x, y, r);
  ctx.fill();
}
const markers = (list, colors) => (u) => {
  const { ctx, bbox } = u, r = 5 * devicePixelRatio, drawn = [];
  ctx.save();
  for (const m of list || []) {
    const x = u.valToPos(Date.parse(m.time) / 1000, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    const near = drawn.filter((other) => Math.abs(other.x - x) < 2 * r);
    if (near.some((other) => other.sign === m.sign)) continue; // they would hide each other
    let row = 0;
    while (near.some((other) => other.row === row)) row++;
    drawn.push({ x, row, sign: m.sign });
    const y = bbox.top + (1 + 2.2 * row) * r;
    ctx.strokeStyle = ctx.fillStyle = signColor(m.sign, colors);
    ctx.setLineDash([2, 3].map((n) => n * devicePixelRatio));
    ctx.beginPath();
    ctx.moveTo(x, y);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    sign(ctx, m.sign, x, y, r);
  }
  ctx.restore();
};

const limitLine = (limit, color) => (u) => {
  if (!limit || limit > u.scales.y.max) return;
  const y = u.valToPos(limit, "y", true), { ctx, bbox } = u;
  ctx.save();
  ctx.strokeStyle = color;
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
};

// found is what there is to say of a step: its time, values with their colours, and what happened in it.
function found(u, i, data, chart) {
  const { text, write } = chart, step = seconds(data.step), time = u.data[0][i];
  const lines = [[null, say(time, { weekday: "short", day: step >= 300 ? "numeric" : undefined, month: step >= 300 ? "short" : undefined, ...clock, second: step < 60 ? "2-digit" : undefined })]];
  chart.lines.forEach((line, n) => {
    const value = u.data[n + 1][i];
    if (value != null) lines.push([line.color, `${line.name} ${write(value)}`]);
  });
  const meanwhile = (data.markers || []).filter((m) => Date.parse(m.time) / 1000 >= time && Date.parse(m.time) / 1000 < time + step);
  for (const m of meanwhile.slice(0, mostEvents)) lines.push([null, m.text]);
  if (meanwhile.length > mostEvents) lines.push([null, text.more.replace("{n}", meanwhile.length - mostEvents)]);
  return lines;
}
const mostEvents = 3;

function key(color, name) {
  const element = Object.assign(document.createElement("span"), { textContent: name });
  if (color) {
    const dot = document.createElement("i");
    dot.style.background = color;
    element.prepend(dot);
  }
  return element;
}

// legend says what the lines and signs are that this chart has.
function legend(data, chart, colors) {
  const box = Object.assign(document.createElement("div"), { className: "metric-legend" });
  box.ariaHidden = "true"; // each value is read with its name
  for (const line of chart.lines) {
    const entry = key(line.color, line.name);
    entry.className = line.look.dash ? "is-dashed" : "";
    box.append(entry);
  }
  if (chart.limit) {
    box.append(key(colors.warn, `${chart.text.limit} ${chart.write(chart.limit)}`));
  }
  for (const kind of Object.keys(signs)) {
    if (!data.markers?.some((m) => m.sign === kind)) continue;
    const entry = document.createElement("span");
    entry.append(Object.assign(document.createElement("b"), { className: `metric-sign is-${kind}` }), chart.text[kind]);
    box.append(entry);
  }
  return box;
}

// linesOf are the lines of a chart in the order of its columns. The most of a step goes without saying where each was
// measured once.
function linesOf(data, text, colors) {
  if (data.each) return data.series.map((from) => ({ name: from.instance.slice(0, 6), color: hue(from.instance), from, field: 1, look: { width: 1.5 } }));
  const [now, before] = [data.series[0], data.previous?.[0]];
  const lines = [{ name: text.now, color: colors.accent, from: now, field: 1, look: { width: 1.5, fill: colors.soft } }];
  if (now?.points.some(([, mean, most]) => most > mean)) lines.push({ name: text.most, color: colors.most, from: now, field: 2, look: { width: 1 } });
  if (before) lines.push({ name: text.before, color: colors.ink, from: before, field: 1, look: { width: 1, dash: [4, 4] } });
  return lines;
}

function draw(element, data) {
  const text = Object.fromEntries(Object.entries(element.dataset).filter(([name]) => name.startsWith("text")).map(([name, words]) => [name[4].toLowerCase() + name.slice(5), words]));
  const kind = element.dataset.kind, limit = Number(element.dataset.limit);
  const colors = { accent: token("accent"), most: token("most"), soft: token("accent-soft"), ink: token("ink-3"), line: token("line"), bad: token("bad"), warn: token("warn") };
  const chart = { text, limit, write: (v) => written[kind](v, text), lines: linesOf(data, text, colors) };
  const box = Object.assign(document.createElement("div"), { className: "metric-tip", hidden: true });
  const axis = { stroke: colors.ink, grid: { stroke: colors.line, width: 1 }, ticks: { show: false }, font: `12px ${getComputedStyle(element).fontFamily}` };
  const days = seconds(data.step) >= 1800, { from, to } = span(data);
  const u = new uPlot({
    width: element.clientWidth,
    height,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: { x: { range: [from, to] }, y: { range: (_, low, high) => [0, Math.max(high * 1.1, high > limit / 2 ? limit * 1.1 : 0, least[kind] || least.count)] } },
    axes: [{ ...axis, space: 80, size: 34, gap: 8, values: (_, ticks) => ticks.map((t) => say(t, days ? { month: "short", day: "numeric" } : clock)) },
      { ...axis, size: 64, values: (_, ticks) => ticks.map(chart.write), ...(steps[kind] && { incrs: steps[kind] }) }],
    series: [{}, ...chart.lines.map((line) => ({ ...line.look, stroke: line.color, points: { show: false, size: 5, fill: line.color, filter: alone } }))],
    hooks: { draw: [limitLine(limit, colors.warn), markers(data.markers, colors)], setCursor: [(plot) => tell(element, box, plot, data, chart)] },
  }, columns(data, chart.lines), element);
  element.append(legend(data, chart, colors), box);
  walk(element, u);
  return u;
}

// tell shows and reads aloud what is under the cursor.
function tell(element, box, u, data, chart) {
  const i = u.cursor.idx;
  box.hidden = i == null || u.data.slice(1).every((column) => column[i] == null);
  if (box.hidden) return;
  const lines = found(u, i, data, chart);
  box.classList.toggle("is-left", i > u.data[0].length / 2); // beside what is looked at, not over it
  box.replaceChildren(...lines.map(([color, words]) => key(color, words)));
  element.ariaValueNow = i;
  element.ariaValueText = lines.map(([, words]) => words).join(", ");
}

// walk lets the arrow keys move from one step that was measured to the next. To those who listen a chart is a slider:
// screen readers pass on the keys of that, and read its value as it moves.
function walk(element, u) {
  const stops = u.data[0].map((_, i) => i).filter((i) => u.data.slice(1).some((column) => column[i] != null));
  const go = (n) => {
    const i = stops[Math.min(stops.length - 1, Math.max(0, n))];
    if (i !== undefined) u.setCursor({ left: u.valToPos(u.data[0][i], "x"), top: 0 });
  };
  const leave = () => u.setCursor({ left: -10, top: -10 });
  Object.assign(element, { role: "slider", ariaValueMin: 0, ariaValueMax: u.data[0].length - 1, ariaValueNow: stops.at(-1) ?? 0 });
  element.onfocus = () => { if (u.cursor.idx == null) go(Infinity); };
  element.onblur = leave;
  element.onkeydown = (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (event.key === "Escape") leave();
    if (by === undefined) return;
    event.preventDefault();
    const at = u.cursor.idx == null ? stops.length : stops.findLastIndex((i) => i <= u.cursor.idx);
    go(at + by);
  };
  if (element === document.activeElement) go(Infinity);
}

const height = 200;
const plots = new Map();

async function load(element) {
  const more = element.dataset.metric.includes("by=instance") ? "&markers=true" : "&previous=true&markers=true";
  const answer = await fetch(element.dataset.metric + more, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(answer.statusText);
  const data = await answer.json();
  data.each = element.dataset.metric.includes("by=instance");
  show(element, data);
}

function show(element, data) {
  plots.get(element)?.plot.destroy();
  element.replaceChildren();
  plots.set(element, { plot: draw(element, data), data });
}

// The charts that are in view are kept up to date.
const shown = new Set();
const watch = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) { shown.delete(target); continue; }
    shown.add(target);
    if (!plots.has(target)) refresh(target);
  }
});

function refresh(element) {
  load(element).catch(() => {
    if (!plots.has(element)) element.textContent = element.dataset.textFailed;
  });
}

setInterval(() => {
  if (document.hidden) return;
  for (const element of shown) if (!element.contains(document.activeElement) && !element.matches(":hover")) refresh(element);
}, 15000);

const resized = new ResizeObserver((entries) => {
  for (const { target, contentRect: { width } } of entries) {
    const { plot } = plots.get(target) || {};
    if (plot && plot.width !== width) plot.setSize({ width, height });
  }
});
for (const element of document.querySelectorAll("[data-metric]")) {
  watch.observe(element);
  resized.observe(element);
}

// A canvas keeps its colours, so it is drawn anew in others.
const repaint = () => plots.forEach(({ data }, element) => show(element, data));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
new MutationObserver(repaint).observe(document.documentElement, { attributeFilter: ["data-theme"] });
