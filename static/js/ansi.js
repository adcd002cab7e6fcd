// Reads a line that a program wrote for a terminal: its colours (SGR) become classes, everything else that steers a
// terminal or the direction of text becomes nothing or a visible symbol. What comes out is text, never markup.
"use strict";

const ansi = (() => {
  const names = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
  const rgb = [[0, 0, 0], [190, 40, 40], [40, 150, 60], [180, 140, 30], [50, 90, 200], [170, 60, 170], [40, 150, 170], [200, 200, 200]];
  const flags = { 1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "inverse", 9: "strike" };

  // CSI, OSC and other strings up to their end, then the two-character escapes.
  const sequence = /\x1b\[([0-?]*)[ -/]*([@-~])|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]|\x9b([0-?]*)[ -/]*([@-~])|[\x90\x98\x9d-\x9f][^\x07\x9c\x1b]*(?:\x07|\x9c|\x1b\\)?/g;
  const invisible = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u00ad\u061c\u115f\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

  const symbol = (c) => {
    const code = c.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    if (code === 0x7f) return "\u2421";
    return `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
  };
  const clean = (text) => text.replace(/\r$/, "").replace(invisible, symbol);

  function nearest(r, g, b) {
    let best = 0;
    let least = Infinity;
    rgb.forEach((c, i) => {
      const distance = (c[0] - r) ** 2 + (c[1] - g) ** 2 + (c[2] - b) ** 2;
      if (distance < least) [best, least] = [i, distance];
    });
    return names[best];
  }

  function indexed(n) {
    if (n < 16) return names[n % 8];
    if (n > 231) return nearest(...Array(3).fill((n - 232) * 10 + 8));
    const level = (v) => (v === 0 ? 0 : v * 40 + 55);
    return nearest(level(Math.floor((n - 16) / 36)), level(Math.floor((n - 16) / 6) % 6), level((n - 16) % 6));
  }

  // extended reads 38;5;n and 38;2;r;g;b from codes, from the position behind 38 or 48.
  function extended(codes) {
    const kind = codes.shift();
    if (kind === 5) return indexed(codes.shift() & 255);
    if (kind === 2) return nearest(...codes.splice(0, 3));
    return null;
  }

  function apply(style, parameters) {
    const codes = parameters.split(/[;:]/).map((c) => Number(c) || 0);
    while (codes.length > 0) {
      const code = codes.shift();
      if (code === 0) Object.keys(style).forEach((k) => delete style[k]);
      else if (flags[code]) style[flags[code]] = true;
      else if (code === 22) delete style.bold, delete style.dim;
      else if (flags[code - 20]) delete style[flags[code - 20]];
      else if (code === 38) style.color = extended(codes);
      else if (code === 48) style.ground = extended(codes);
      else if (code === 39) delete style.color;
      else if (code === 49) delete style.ground;
      else if (code % 10 < 8 && (code < 38 && code >= 30 || code >= 90 && code < 98)) style.color = names[code % 10];
      else if (code % 10 < 8 && (code < 48 && code >= 40 || code >= 100 && code < 108)) style.ground = names[code % 10];
    }
  }

  function classes(style) {
    const list = Object.values(flags).filter((f) => style[f]).map((f) => `sgr-${f}`);
    if (style.color) list.push(`sgr-${style.color}`);
    if (style.ground) list.push(`sgr-on-${style.ground}`);
    return list.join(" ");
  }

  // parse returns the pieces of a line: [text, classes].
  function parse(line) {
    const pieces = [];
    const style = {};
    let from = 0;
    const take = (to) => {
      const text = clean(line.slice(from, to));
      if (text) pieces.push([text, classes(style)]);
    };
    for (const match of line.matchAll(sequence)) {
      take(match.index);
      from = match.index + match[0].length;
      if (match[2] === "m" || match[4] === "m") apply(style, match[1] ?? match[3]);
    }
    take(line.length);
    return pieces;
  }

  return { parse, plain: (line) => parse(line).map((p) => p[0]).join("") };
})();
