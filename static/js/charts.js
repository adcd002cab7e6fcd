// Draws the past of a metric: mean and most, the period before, the limit, and what happened meanwhile; or a line for
// each instance. Pointer and arrow keys move along it alike; the tables beside say the same without it.
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

const units = ["B", "KB", "MB", "GB", "TB"];
function bytes(v) {
  let at = 0;
  while (Math.abs(v) >= 1024 && at < units.length - 1) { v /= 1024; at++; }
  return `${v >= 100 || at === 0 ? Math.round(v) : v.toFixed(1)} ${units[at]}`;
}
const written = {
  bytes,
  rate: (v) => `${bytes(v)}/s`,
  seconds: (v) => `${Math.round(v * 1000)} ms`,
  cores: (v) => v.toFixed(2),
  count: (v) => (Number.isInteger(v) ? String(v) : v < 1 ? v.toPrecision(2) : v.toFixed(1)),
};
written.each = (v) => `${written.count(v)}/s`;

// The lines of instances are told apart by hue, each readable on its ground.
const dark = () => (document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
const hue = (n) => `hsl(${(215 + n * 137.5) % 360} 60% ${dark() ? 66 : 40}%)`;

// Where an axis begins to make sense, and the steps at which it can be read: whole things, and sizes as they are said.
const least = { bytes: 1024, rate: 1024, seconds: 0.01, cores: 0.1, count: 1 };
const whole = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000];
const sizes = Array.from({ length: 44 }, (_, n) => 2 ** n);
const steps = { bytes: sizes, rate: sizes, count: whole };

// One row a step, so that a step where nothing was measured is a gap.
function columns(data) {
  const from = Date.parse(data.from) / 1000, to = Date.parse(data.to) / 1000, step = seconds(data.step);
  const times = [], at = new Map();
  for (let t = Math.floor(from / step) * step; t < to; t += step) { at.set(t, times.length); times.push(t); }
  const column = (series, field) => {
    const values = new Array(times.length).fill(null);
    for (const point of series?.points || []) {
      const i = at.get(Math.floor(point[0] / step) * step);
      if (i !== undefined) values[i] = point[field];
    }
    return values;
  };
  if (data.each) return [times, ...data.series.map((series) => column(series, 1))];
  return [times, column(data.series[0], 1), column(data.series[0], 2), column(data.previous?.[0], 1)];
}

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
const markers = (list, colors) => (u) => {
  const { ctx, bbox } = u, r = 5 * devicePixelRatio;
  ctx.save();
  for (const m of list || []) {
    const x = u.valToPos(Date.parse(m.time) / 1000, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.strokeStyle = ctx.fillStyle = { release: colors.accent, crash: colors.bad }[m.sign] || colors.ink;
    ctx.setLineDash([2, 3].map((n) => n * devicePixelRatio));
    ctx.beginPath();
    ctx.moveTo(x, bbox.top + r);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.beginPath();
    (signs[m.sign] || signs.scale)(ctx, x, bbox.top + r, r);
    ctx.fill();
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

function tip(box, u, data, say, text) {
  const i = u.cursor.idx;
  box.hidden = i == null || u.data.slice(1).every((column) => column[i] == null);
  if (box.hidden) return;
  box.classList.toggle("is-left", i > u.data[0].length / 2); // beside what is looked at, not over it
  const time = u.data[0][i], step = seconds(data.step);
  const lines = [new Date(time * 1000).toLocaleString([], { weekday: "short", hour: "2-digit", minute: "2-digit", second: step < 60 ? "2-digit" : undefined })];
  if (data.each) {
    data.series.forEach((series, n) => { if (u.data[n + 1][i] != null) lines.push([hue(n), `${series.instance} ${say(u.data[n + 1][i])}`]); });
  } else {
    if (u.data[1][i] != null) lines.push(`${text.now} ${say(u.data[1][i])}`, `${text.most} ${say(u.data[2][i])}`);
    if (u.data[3][i] != null) lines.push(`${text.before} ${say(u.data[3][i])}`);
  }
  for (const m of data.markers || []) {
    const at = Date.parse(m.time) / 1000;
    if (at >= time && at < time + step) lines.push(m.text);
  }
  box.replaceChildren(...lines.map((line, n) => {
    const [color, words] = Array.isArray(line) ? line : [null, line];
    const element = Object.assign(document.createElement(n ? "span" : "strong"), { textContent: words });
    if (color) {
      const key = document.createElement("i");
      key.style.background = color;
      element.prepend(key);
    }
    return element;
  }));
}

function draw(element, data) {
  const { kind, limit } = element.dataset;
  const text = { now: element.dataset.textNow, most: element.dataset.textMost, before: element.dataset.textBefore };
  const say = written[kind] || written.count;
  const colors = { accent: token("accent"), soft: token("accent-soft"), ink: token("ink-3"), line: token("line"), bad: token("bad"), warn: token("warn") };
  const box = Object.assign(document.createElement("div"), { className: "metric-tip", hidden: true });
  box.setAttribute("role", "status");
  const axis = { stroke: colors.ink, grid: { stroke: colors.line, width: 1 }, ticks: { show: false }, font: `12px ${getComputedStyle(element).fontFamily}` };
  const u = new uPlot({
    width: element.clientWidth,
    height: 200,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: { y: { range: (_, low, high) => [0, Math.max(high * 1.1, least[kind] || least.count)] } },
    axes: [{ ...axis, space: 80, values: (_, ticks) => ticks.map((t) => new Date(t * 1000).toLocaleString([], seconds(data.step) >= 1800 ? { month: "short", day: "numeric" } : { hour: "2-digit", minute: "2-digit" })) },
      { ...axis, size: 64, values: (_, ticks) => ticks.map(say), ...(steps[kind] && { incrs: steps[kind] }) }],
    series: [{}, ...(data.each ? data.series.map((_, n) => ({ stroke: hue(n), width: 1.5, points: { show: false } })) : [
      { stroke: colors.accent, width: 1.5, fill: colors.soft, points: { show: false } },
      { stroke: colors.accent, width: 1, alpha: 0.45, points: { show: false } },
      { stroke: colors.ink, width: 1, dash: [4, 4], points: { show: false } }])],
    hooks: { draw: [markers(data.markers, colors), limitLine(data.each ? 0 : Number(limit), colors.warn)], setCursor: [(plot) => tip(box, plot, data, say, text)] },
  }, columns(data), element);
  element.append(box);
  element.onkeydown = (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const last = u.data[0].length - 1;
    const i = Math.min(last, Math.max(0, (u.cursor.idx ?? last) + by));
    u.setCursor({ left: u.valToPos(u.data[0][i], "x"), top: 0 });
  };
  return u;
}

const plots = new Map();

async function load(element) {
  const more = element.dataset.metric.includes("by=instance") ? "&markers=true" : "&previous=true&markers=true";
  const answer = await fetch(element.dataset.metric + more, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(answer.statusText);
  const data = await answer.json();
  data.each = element.dataset.metric.includes("by=instance");
  plots.get(element)?.destroy();
  element.replaceChildren();
  plots.set(element, draw(element, data));
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

for (const element of document.querySelectorAll("[data-metric]")) watch.observe(element);
setInterval(() => {
  if (document.hidden) return;
  for (const element of shown) if (!element.contains(document.activeElement) && !element.matches(":hover")) refresh(element);
}, 15000);

let resized;
addEventListener("resize", () => {
  clearTimeout(resized);
  resized = setTimeout(() => plots.forEach((plot, element) => plot.setSize({ width: element.clientWidth, height: 200 })), 100);
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => shown.forEach(refresh));
