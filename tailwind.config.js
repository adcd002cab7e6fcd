// Content globs are resolved from the working directory: build from the repository's root (make generate).
/** @type {import('tailwindcss').Config} */
export default {
  content: ["./views/**/*.templ", "./static/js/*.js"],
  theme: {
    colors: {
      transparent: "transparent",
      current: "currentColor",
      bg: "var(--bg)",
      surface: "var(--surface)",
      sunken: "var(--sunken)",
      line: "var(--line)",
      ink: { DEFAULT: "var(--ink)", 2: "var(--ink-2)", 3: "var(--ink-3)" },
      accent: { DEFAULT: "var(--accent)", ink: "var(--accent-ink)", soft: "var(--accent-soft)" },
      ok: "var(--ok)",
      warn: "var(--warn)",
      bad: "var(--bad)",
    },
    fontFamily: { sans: "var(--font)", mono: "var(--mono)" },
    fontSize: {
      xs: "var(--text-xs)",
      sm: "var(--text-sm)",
      md: "var(--text-md)",
      base: "var(--text-base)",
      lg: "var(--text-lg)",
      xl: "var(--text-xl)",
      "2xl": "var(--text-2xl)",
    },
    borderRadius: { 1: "var(--r1)", 2: "var(--r2)", 3: "var(--r3)" },
  },
};
