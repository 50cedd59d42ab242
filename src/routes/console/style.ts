/** The console's one stylesheet: system fonts, both themes, any width. */
export const STYLE = `
:root {
  --ink: #1d2433; --muted: #5a6478; --paper: #ffffff; --line: #c9d0dc; --accent: #1f5fbf; --on-accent: #ffffff;
  --alarm: #a4161a; --field: #ffffff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e8ecf4; --muted: #a3adbf; --paper: #14181f; --line: #3b4454; --accent: #86b4ff; --on-accent: #0d1526;
    --alarm: #ff9b9b; --field: #1d232d;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 44rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 1.5rem; }
h2 { font-size: 1.125rem; margin: 2rem 0 0.5rem; }
p { margin: 0 0 1rem; }
.muted { color: var(--muted); }
.alarm { color: var(--alarm); font-weight: 600; }
form { display: grid; gap: 1rem; max-width: 22rem; }
.offer { margin-bottom: 1rem; }
label { display: grid; gap: 0.25rem; font-weight: 600; }
input {
  font: inherit; color: inherit; background: var(--field); padding: 0.5rem 0.75rem; border: 1px solid var(--muted);
  border-radius: 0.375rem;
}
button {
  font: inherit; font-weight: 600; padding: 0.5rem 1rem; border: 1px solid transparent; border-radius: 0.375rem;
  background: var(--accent); color: var(--on-accent); cursor: pointer; justify-self: start;
}
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 0.5rem 0.75rem 0.5rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
`;
