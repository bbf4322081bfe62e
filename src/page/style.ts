/** Of the page: system letters, two palettes, cards instead of a table on narrow screens. */
export const style = `
:root{color-scheme:light dark;--ground:#fbfaf8;--sheet:#fff;--ink:#1d1c1a;--soft:#65625c;--rule:#e4e1da;--accent:#1f5f8b;--good:#1a6e37;--warn:#8a5a00;--bad:#b3261e;--life:#c9c5bc;--hover:#f5f3ee}
@media (prefers-color-scheme:dark){:root{--ground:#161614;--sheet:#1e1d1b;--ink:#eae7e1;--soft:#a39f96;--rule:#35332f;--accent:#7fb8e0;--good:#63bd7b;--warn:#dba642;--bad:#f08a80;--life:#55524b;--hover:#262522}}
*{box-sizing:border-box}
html{font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;-webkit-text-size-adjust:100%}
body{margin:0 auto;padding:2.5rem clamp(1rem,4vw,3rem) 3rem;max-width:84rem;background:var(--ground);color:var(--ink);font-variant-numeric:tabular-nums}
h1{font-size:1.75rem;line-height:1.2;letter-spacing:-.015em;margin:0}
h2{font-size:1.125rem;letter-spacing:-.005em;margin:0}
header p{margin:.35rem 0 0}
section{margin-top:3rem}
a{color:inherit;text-decoration-color:var(--life);text-underline-offset:.2em}
a:hover{text-decoration-color:currentColor}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:3px}
small{display:block;font-size:.8125rem;color:var(--soft);font-weight:400}
.quiet,.fact.quiet{color:var(--soft)}
.good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}
ul,ol{list-style:none;margin:0;padding:0}
.figures{display:flex;flex-wrap:wrap;gap:1px;margin-top:1.75rem;background:var(--rule);border:1px solid var(--rule);border-radius:10px;overflow:hidden}
.figures li{flex:1 1 9rem;background:var(--sheet);padding:.9rem 1.1rem}
.figures b{display:block;font-size:1.75rem;line-height:1.15;font-weight:600;letter-spacing:-.02em}
.figures span{font-size:.875rem;color:var(--soft)}
#live{min-height:1.5em;color:var(--accent)}
.troubles{margin-top:.75rem;border-left:3px solid var(--bad);padding-left:1rem}
.troubles li{margin:.5rem 0;overflow-wrap:anywhere}
.bar{display:flex;flex-wrap:wrap;gap:.75rem 2rem;align-items:end;justify-content:space-between;margin-bottom:.75rem}
form{display:flex;flex-wrap:wrap;gap:.75rem 1rem;align-items:center}
form[hidden]{display:none}
label{display:flex;align-items:center;gap:.5rem;font-size:.875rem;color:var(--soft)}
input,select{font:inherit;font-size:.9375rem;color:var(--ink);background:var(--sheet);border:1px solid var(--life);border-radius:7px;padding:.4rem .65rem;min-height:2.5rem}
input{width:15rem}
output{font-size:.875rem;color:var(--soft);min-width:6rem}
table{width:100%;border-collapse:separate;overflow:hidden;background:var(--sheet);border:1px solid var(--rule);border-radius:10px;border-spacing:0;font-size:.9375rem}
th,td{text-align:left;vertical-align:top;padding:.6rem .9rem;border-top:1px solid var(--rule)}
thead th{border-top:0;font-size:.8125rem;font-weight:500;color:var(--soft);white-space:nowrap;padding-block:.35rem}
thead button{all:unset;cursor:pointer;padding:.25rem 0;border-radius:3px}
thead button:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
thead button::after{content:"";display:inline-block;width:1em;text-align:right}
[aria-sort=ascending] button,[aria-sort=descending] button{color:var(--ink)}
[aria-sort=ascending] button::after{content:"↑"}[aria-sort=descending] button::after{content:"↓"}
tbody th b{font-weight:600}
tbody th{overflow-wrap:anywhere;min-width:11rem}
td{white-space:nowrap}
td:nth-child(2),td:nth-child(3){white-space:normal;overflow-wrap:anywhere;min-width:7.5rem}
tbody tr:hover{background:var(--hover)}
.fact::before{content:"";display:inline-block;width:.5em;height:.5em;border-radius:50%;background:currentColor;margin-right:.5em;vertical-align:.1em}
.fact.bad::before{border-radius:1px}
.fact.warn::before{border-radius:0;clip-path:polygon(50% 0,100% 100%,0 100%);width:.6em;height:.55em}
.fact.quiet::before{background:none;border:1.5px solid currentColor}
tr[data-status=skipped] b{font-weight:500;color:var(--soft)}
.legend{display:flex;flex-wrap:wrap;align-items:center;gap:.35rem 1.25rem;font-size:.8125rem;margin:.35rem 0 .75rem}
.key{display:inline-block;width:1.4rem;height:3px;margin-right:-.75rem;background:var(--good)}
.key.newest{width:.65rem;height:.65rem;border-radius:50%;background:none;border:2px solid var(--accent)}
.key.life{background:var(--life)}
.key.end{width:.55rem;height:.55rem;background:var(--soft);transform:rotate(45deg)}
.timeline{background:var(--sheet);border:1px solid var(--rule);border-radius:10px;padding:.5rem 1.1rem .75rem}
.line{display:grid;grid-template-columns:minmax(8rem,14rem) 1fr;gap:1rem;align-items:center;font-size:.875rem}
.line>span{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.line>svg{width:100%;height:24px;overflow:visible;display:block}
.axis>svg{height:36px;border-bottom:1px solid var(--rule);margin-bottom:.35rem}
.timeline text{font-size:11px;fill:var(--soft)}
.timeline text.now{fill:var(--accent)}
.timeline line{stroke:var(--rule)}
.timeline line.now,.timeline line.guide{stroke:var(--accent);opacity:.55}
.timeline line.age{stroke-width:3;stroke-linecap:round}
.timeline line.life{stroke:var(--life);stroke-width:3}
.timeline line.life.past{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:2 3}
.timeline .age.good{stroke:var(--good)}.timeline .age.warn{stroke:var(--warn)}.timeline .age.bad{stroke:var(--bad)}.timeline .age.quiet{stroke:var(--soft)}
.timeline circle.good{fill:var(--good)}.timeline circle.warn{fill:var(--warn)}.timeline circle.bad{fill:var(--bad)}.timeline circle.quiet{fill:var(--soft)}
.timeline circle.newest{fill:var(--sheet);stroke:var(--accent);stroke-width:2}
.timeline .end{stroke:var(--sheet);stroke-width:1.5}.end.far{fill:var(--soft)}.end.soon{fill:var(--warn)}.end.past{fill:var(--bad)}
.changes{margin-top:.75rem;display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,26rem),1fr));gap:.35rem 2rem}
.changes li{display:grid;grid-template-columns:7.25rem 1fr}
.changes time,.runs time{color:var(--soft)}
.runs li{display:grid;grid-template-columns:minmax(0,13.5rem) minmax(0,1fr);gap:0 1rem;margin-top:.35rem}
h3{font-size:1rem;margin:1.25rem 0 0}
section>p{margin:.35rem 0 0}
footer{margin-top:3rem;border-top:1px solid var(--rule);font-size:.8125rem;max-width:60rem}
@media (max-width:60rem){
thead:has(button) tr::before{content:"Sort by";font-size:.8125rem;color:var(--soft);padding:.5rem 0}
table,tbody{display:block}
table{background:none;border:0}
thead,thead tr{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem}
thead th{padding:.25rem 0}
tbody tr{display:grid;grid-template-columns:repeat(auto-fill,minmax(6.25rem,1fr));gap:.6rem .75rem;font-size:.875rem;background:var(--sheet);border:1px solid var(--rule);border-radius:10px;padding:.9rem 1rem;margin-top:.75rem}
tbody tr[hidden]{display:none}
tbody th,td{display:block;padding:0;border:0;white-space:normal}
tbody th{grid-column:1/-1}
td::before{content:attr(data-label);display:block;font-size:.75rem;color:var(--soft)}
.line{grid-template-columns:1fr;gap:0;padding:.35rem 0}
.runs li{grid-template-columns:1fr}
.axis{padding:0}
label{flex:1 1 100%}
label span{min-width:3.5rem}
input,select{flex:1;width:auto;min-width:0;font-size:1rem}
form{flex:1 1 100%}
}
@media print{body{padding:0;max-width:none}form{display:none}tr{break-inside:avoid}}
`
