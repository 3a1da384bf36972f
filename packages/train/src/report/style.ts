/** What pages of runs look like: in light and dark, and as wide as a phone. */
export const STYLE = `
:root {
  color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif;
  --quiet: light-dark(#5f6672, #9aa0ab); --line: light-dark(#d9d7d2, #33363d); --wrong: light-dark(#a8201a, #ff9d94);
  --c0: light-dark(#0072b2, #56b4e9); --c1: light-dark(#d55e00, #f0883e); --c2: light-dark(#00795a, #2fc79b);
  --c3: light-dark(#b3588f, #e19cc4); --c4: light-dark(#a86f00, #e69f00);
}
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin: 0 0 .5rem; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin: 1.5rem 0 .5rem; }
th { text-align: left; padding-right: 1.5rem; vertical-align: top; font-weight: 600; } td { overflow-wrap: anywhere; }
.wrong { color: var(--wrong); }
figure { margin: 1rem 0; } figcaption span { margin-left: .75rem; white-space: nowrap; }
svg { width: 100%; font-size: 11px; overflow: visible; } svg text { fill: currentColor; }
.grid line { stroke: var(--line); } .mark line { stroke: currentColor; stroke-dasharray: 3 3; }
.lines { fill: none; stroke-width: 1.5; }
.c0 { stroke: var(--c0); color: var(--c0); } .c1 { stroke: var(--c1); color: var(--c1); }
.c2 { stroke: var(--c2); color: var(--c2); } .c3 { stroke: var(--c3); color: var(--c3); }
.c4 { stroke: var(--c4); color: var(--c4); }
img { max-width: 100%; image-rendering: pixelated; } pre { overflow-x: auto; }
.drawn th { vertical-align: middle; padding-right: .75rem; font-weight: 400; white-space: nowrap; } .drawn img { display: block; }
.bars rect { fill: var(--c0); }
input[type=range] { width: min(24rem, 60vw); margin-left: 1rem; vertical-align: middle; }
@media (max-width: 40rem) { svg { font-size: 17px; } }
`;
