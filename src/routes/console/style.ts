/** A coin: what a jeton is. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="11" fill="none" stroke="#1d55b3" stroke-width="7"/></svg>`;

/** The console's one stylesheet: system fonts, both themes, any width, either direction of writing. */
export const STYLE = `
:root {
  --ink: #1b2130; --muted: #566075; --paper: #ffffff; --ground: #f4f6fa; --line: #d5dae4; --field: #ffffff;
  --accent: #1d55b3; --on-accent: #ffffff; --accent-soft: #e8effb; --alarm: #a4161a; --alarm-soft: #fdecec;
  --done: #14603a; --done-soft: #e7f5ec; --strict: #8a4b00; --strict-soft: #fdf1de; --radius: 0.5rem;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e7ebf3; --muted: #a5afc1; --paper: #171b22; --ground: #0f1217; --line: #343c4a; --field: #1e242e;
    --accent: #8ab6ff; --on-accent: #0c1526; --accent-soft: #1c2a44; --alarm: #ffa3a3; --alarm-soft: #3a1c1f;
    --done: #8fdcb0; --done-soft: #15301f; --strict: #ffc37a; --strict-soft: #372612;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
a { color: var(--accent); }
main a { unicode-bidi: plaintext; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: 1.125rem; margin: 2rem 0 0.5rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 0.25rem; }
p { margin: 0 0 1rem; }
ul, ol { margin: 0 0 1rem; padding-inline-start: 1.25rem; }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: 0.375rem 1.5rem; margin: 0 0 1.5rem; }
dt { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; }
code, pre, .secret { font-family: ui-monospace, monospace; font-size: 0.9375em; overflow-wrap: anywhere; direction: ltr; unicode-bidi: isolate; }
main { max-width: 44rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
.lead { color: var(--muted); max-width: 40rem; }
.muted { color: var(--muted); }
.alarm { color: var(--alarm); font-weight: 600; }

form { display: grid; gap: 1rem; max-width: 34rem; }
main > form.narrow, .offer, body:not(.console) main > form { max-width: 22rem; }
.offer { margin-bottom: 1rem; }
.answers { display: flex; gap: 1rem; }
.answers button { flex: 1; padding-block: 0.625rem; }
.asker { font-size: 1.125rem; }
.scopes { border-block: 1px solid var(--line); margin-bottom: 1rem; }
.scopes > div { padding: 0.625rem 0; }
.scopes > div + div { border-top: 1px solid var(--line); }
.scopes p, .scopes ul { margin-bottom: 0; }
.scopes code { display: block; font-size: 0.875rem; }
.scopes .flag { margin: 0 0 0.25rem; }
fieldset { margin: 0; padding: 0.5rem 1rem 1rem; border: 1px solid var(--line); border-radius: 0.375rem; }
form.inline { display: inline-flex; gap: 0.5rem; align-items: end; max-width: none; }
form.wide-form { max-width: none; }
label { display: grid; gap: 0.25rem; font-weight: 600; align-content: start; }
fieldset { border: 1px solid var(--line); border-radius: var(--radius); margin: 0; padding: 0.75rem 1rem 1rem; display: grid; gap: 0.75rem; min-width: 0; }
legend { font-weight: 600; padding: 0 0.375rem; }
.help { display: block; font-weight: 400; color: var(--muted); font-size: 0.9375rem; }
input, select, textarea {
  font: inherit; font-weight: 400; color: inherit; background: var(--field); padding: 0.5rem 0.75rem; border: 1px solid var(--muted);
  border-radius: 0.375rem; min-width: 0; max-width: 100%;
}
textarea { resize: vertical; }
input[type="checkbox"], input[type="radio"] { width: 1.125rem; height: 1.125rem; margin: 0.1875rem 0 0; padding: 0; accent-color: var(--accent); flex: none; }
label.box { display: flex; gap: 0.625rem; align-items: flex-start; font-weight: 400; }
.greyed, label.box:has(input:disabled) { opacity: 0.6; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; align-items: start; }
button, .button {
  font: inherit; font-weight: 600; padding: 0.5rem 1rem; border: 1px solid transparent; border-radius: 0.375rem;
  background: var(--accent); color: var(--on-accent); cursor: pointer; justify-self: start; text-decoration: none; display: inline-block;
}
button.quiet, .button.quiet { background: transparent; color: var(--accent); border-color: var(--line); }
button.danger { background: var(--alarm); color: var(--paper); }
.buttons { display: flex; flex-wrap: wrap; gap: 0.75rem; align-items: center; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }

.note { border: 1px solid var(--line); border-inline-start-width: 0.375rem; border-radius: var(--radius); padding: 0.75rem 1rem; margin: 0 0 1.5rem; background: var(--ground); color: var(--ink); font-weight: 400; }
.note > :last-child { margin-bottom: 0; }
.note.alarm { border-color: var(--alarm); background: var(--alarm-soft); }
.note.done { border-color: var(--done); background: var(--done-soft); }
.note.once { border-color: var(--accent); background: var(--accent-soft); }
.fields { display: grid; gap: 1rem; max-width: 44rem; margin: 0 0 1.5rem; }
.fields > p, fieldset > p.help { margin: 0; }
.copyable { display: flex; gap: 0.5rem; align-items: end; }
.copyable label { flex: 1; min-width: 0; }
.empty { border: 1px dashed var(--line); border-radius: var(--radius); padding: 2rem 1.25rem; text-align: center; color: var(--muted); margin: 0 0 1.5rem; }
.empty > :last-child { margin-bottom: 0; }
.tag { display: inline-block; border-radius: 1rem; padding: 0 0.625rem; font-size: 0.875rem; background: var(--ground); border: 1px solid var(--line); white-space: nowrap; }
.tag.strict { white-space: normal; color: var(--strict); background: var(--strict-soft); border-color: transparent; }
.tag.bad { color: var(--alarm); background: var(--alarm-soft); border-color: transparent; }
.tag.good { color: var(--done); background: var(--done-soft); border-color: transparent; }
.flag { display: block; width: fit-content; margin-top: 0.25rem; padding: 0 0.625rem; border-radius: 0.75rem; font-size: 0.875rem; color: var(--strict); background: var(--strict-soft); }
.wide { overflow-x: auto; margin: 0 0 1.5rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: start; padding-block: 0.5rem; padding-inline: 0 1rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--muted); font-weight: 600; white-space: nowrap; }
td:last-child, th:last-child { padding-inline-end: 0; }
td.number, th.number { text-align: end; font-variant-numeric: tabular-nums; }
details { margin: 0 0 1rem; }
details > summary { cursor: pointer; font-weight: 600; }
td details { margin: 0; } td details > summary { font-weight: 400; }
td .buttons { flex-wrap: nowrap; } td time { white-space: nowrap; }
td > :last-child { margin-bottom: 0; }
.empty ul, td ul { margin-bottom: 0; }
.pager { display: flex; gap: 1.5rem; }
.usage { margin: 0 0 1rem; }
.usage figcaption { display: flex; flex-wrap: wrap; gap: 0 1.5rem; }
.key { display: inline-block; width: 0.75rem; height: 0.75rem; border: 2px solid var(--accent); background: var(--accent); }
.key.refused { border-color: var(--alarm); background: transparent; }
.bars { display: block; width: 100%; height: 11rem; border-block: 1px solid var(--line); }
[dir="rtl"] .bars { transform: scaleX(-1); }
.bars rect { fill: var(--accent); }
.bars .refused { fill: transparent; stroke: var(--alarm); stroke-width: 2px; vector-effect: non-scaling-stroke; }
.ends { display: flex; justify-content: space-between; margin: 0; color: var(--muted); font-size: 0.875rem; }
progress { width: 100%; accent-color: var(--accent); }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)); gap: 1rem 2rem; }
.columns h3 { margin-top: 0; } .columns fieldset { align-content: start; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(16rem, 1fr)); gap: 1rem; padding: 0; list-style: none; }
.cards h2 { margin-top: 0; }
.cards > li > :last-child, .note ul { margin-bottom: 0; }
.ways { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; list-style: none; padding: 0; }
.filter { grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); max-width: none; margin: 0.75rem 0 1.5rem; align-items: start; }
.filter .buttons { grid-column: 1 / -1; }
pre { background: var(--ground); border: 1px solid var(--line); border-radius: var(--radius); padding: 0.75rem 1rem; margin: 0 0 1rem; white-space: pre-wrap; overflow-wrap: anywhere; }
td li code { overflow-wrap: break-word; } td ul { padding-inline-start: 1rem; }
td dl { grid-template-columns: 1fr; gap: 0; margin: 0.5rem 0 0; min-width: 14rem; } td dd { margin-bottom: 0.5rem; }
del { color: var(--alarm); } ins { color: var(--done); }
.cards > li { border: 1px solid var(--line); border-radius: var(--radius); padding: 1rem; }

.out-of-sight { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; white-space: nowrap; }
.skip { position: absolute; inset-inline-start: -100vw; }
.skip:focus { inset-inline-start: 0.5rem; top: 0.5rem; background: var(--paper); padding: 0.5rem 1rem; z-index: 2; }
body.alone { background: var(--ground); }
body.alone > header, body.alone > main { max-width: 32rem; margin: 0 auto; }
body.alone > header { padding: 2.5rem 1.25rem 1rem; }
body.alone > main { background: var(--paper); border: 1px solid var(--line); border-radius: var(--radius); padding: 1.75rem 1.5rem 2rem; margin-bottom: 3rem; }
body.alone main > form { max-width: none; }
body.alone main > :last-child { margin-bottom: 0; }
.or { display: flex; align-items: center; gap: 0.75rem; color: var(--muted); margin: 1rem 0; }
.or::before, .or::after { content: ""; flex: 1; border-top: 1px solid var(--line); }
main > form + form, main > p + form.offer { margin-top: 1rem; }
.labelled { display: grid; gap: 0.25rem; }
.foot { margin: 1.5rem 0 0; }
.codes { columns: 2; list-style: none; padding: 0; max-width: 20rem; font-size: 1.0625rem; }
body.console { display: grid; grid-template: auto 1fr / 15rem minmax(0, 1fr); min-height: 100vh; }
body.console .bar { grid-column: 1 / -1; display: flex; align-items: center; gap: 1rem; padding: 0.625rem 1.25rem; border-bottom: 1px solid var(--line); background: var(--paper); }
.brand { display: inline-flex; align-items: center; gap: 0.5rem; font-weight: 700; color: inherit; text-decoration: none; }
.coin { width: 1.125rem; height: 1.125rem; border-radius: 50%; border: 0.25rem solid var(--accent); }
.where { color: var(--muted); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.bar .menu { display: none; margin: 0; margin-inline-start: auto; }
.side { background: var(--ground); border-inline-end: 1px solid var(--line); padding: 1rem 0.75rem 2rem; font-size: 0.9375rem; }
body.console main { width: 100%; max-width: 64rem; margin: 0; padding: 2rem 2rem 4rem; }
.menu-heading { margin: 1rem 0.75rem 0.25rem; color: var(--muted); font-size: 0.8125rem; font-weight: 600; }
.side ul, .menu ul { list-style: none; margin: 0; padding: 0; }
.side li a, .menu li a { display: block; padding: 0.375rem 0.75rem; border-radius: 0.375rem; color: inherit; text-decoration: none; }
.side li a:hover, .menu li a:hover { background: var(--accent-soft); }
.side [aria-current], .menu [aria-current] { background: var(--accent-soft); color: var(--accent); font-weight: 600; }
.menu-end { display: grid; gap: 0.25rem; margin: 1.25rem 0.75rem 0.75rem; overflow-wrap: anywhere; }
.side form, .menu form { margin: 0 0.75rem; }
.language { display: flex; gap: 0.5rem; align-items: end; font-size: 0.875rem; }
.language label { flex: 1; min-width: 0; font-weight: 400; color: var(--muted); }
.language select, .language button { padding: 0.25rem 0.5rem; }
.side .language, .menu .language { margin-top: 1.5rem; }
body.alone > footer { max-width: 32rem; margin: -1.5rem auto 3rem; padding-inline: 1.25rem; }
body.alone > footer form { max-width: 18rem; }
@media (max-width: 32rem) { body.alone > main { border-inline: 0; border-radius: 0; } }
@media (max-width: 50rem) {
  body.console { display: block; }
  .side { display: none; }
  .bar .menu { display: block; }
  .bar .menu > summary { list-style: none; padding: 0.375rem 0.75rem; border: 1px solid var(--line); border-radius: 0.375rem; }
  .bar .menu[open] { position: absolute; inset-inline: 0; top: 0; padding: 0.625rem 1.25rem 1.5rem; background: var(--paper); border-bottom: 1px solid var(--line); z-index: 1; margin: 0; }
  .bar .menu[open] > summary { width: max-content; margin-inline-start: auto; }
  body.console main { padding: 1.5rem 1.25rem 4rem; }
  .pair { grid-template-columns: 1fr; }
  .wide thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  .wide tr { display: grid; gap: 0.25rem; padding: 0.75rem 0; border-bottom: 1px solid var(--line); }
  .wide td, .wide tbody th { display: grid; grid-template-columns: 7.5rem minmax(0, 1fr); gap: 0.75rem; padding: 0; border: 0; text-align: start; white-space: normal; overflow-wrap: anywhere; }
  .wide td::before, .wide tbody th::before { content: attr(data-label); color: var(--muted); }
  .wide td li code { overflow-wrap: anywhere; }
  .wide td:empty { display: none; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 0.75rem; }
}
@media (prefers-reduced-motion: no-preference) { button, a { transition: background-color 0.15s; } }
@media print { .side, .bar, button { display: none; } }
`;
