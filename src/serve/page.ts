import { printable } from '../errors.ts'
import type { ImageDocument } from './snapshot.ts'

const style = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{margin:2rem auto;max-width:72rem;padding:0 1rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #8884}`

const script = `const live=document.getElementById('live');let running;
const bytes=(n)=>(n/1048576).toFixed(0)+' MiB';
const tell=(run)=>{if(run.state==='running'){const p=run.progress;
live.textContent='Run '+run.id+': '+p.done+' of '+p.images+' images, '+p.updated+' updated, '+p.failed+' failed. '+
p.active.filter((one)=>one.phase==='mirroring').map((one)=>one.name+' '+bytes(one.received||0)+(one.size?' of '+bytes(one.size):'')).join(', ');running=run.id}
else{live.textContent='Run '+run.id+' is '+run.state+' ('+run.started_at+').';if(running===run.id)location.reload()}};
new EventSource('api/v1/events').addEventListener('run',(event)=>tell(JSON.parse(event.data)))`

/** The catalogue as one page that follows the run that goes on. */
export function renderLivePage(images: readonly ImageDocument[]): string {
  const rows = images.map(({ name, version, build_date, last_run }) => {
    const cells = [name, version ?? '', build_date ?? '', last_run?.error?.code ?? last_run?.status ?? '']
    return `<tr>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`
  })
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Image catalogue</title><style>${style}</style></head>
<body><h1>Image catalogue</h1><p id="live" role="status">No run has begun yet.</p>
<table><thead><tr><th scope="col">Image</th><th scope="col">Version</th><th scope="col">Built</th><th scope="col">Last run</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table>
<script>${script}</script></body></html>
`
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return printable(text).replace(/[&<>"]/g, (character) => entities[character] ?? character)
}
