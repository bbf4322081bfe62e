/** Search, filter and sorting of the table. Without it, the page is whole all the same. */
export const script = `
'use strict';
(() => {
  const table = document.getElementById('images');
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const search = document.getElementById('search');
  const filter = document.getElementById('filter');
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const find = () => {
    const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
    let found = 0;
    for (const row of rows) {
      const is = row.dataset.is.split(' ');
      const shown = words.every((word) => texts.get(row).includes(word)) && (filter.value === '' || is.includes(filter.value));
      row.hidden = !shown;
      if (shown) found += 1;
    }
    document.getElementById('found').textContent = found + ' of ' + rows.length;
    document.getElementById('nothing').hidden = found > 0;
  };
  search.addEventListener('input', find);
  filter.addEventListener('change', find);
  const form = document.getElementById('find');
  form.addEventListener('submit', (event) => event.preventDefault());
  form.hidden = false;
  find();

  const compare = new Intl.Collator('en', { numeric: true }).compare;
  const heads = Array.from(table.tHead.rows[0].cells);
  const sort = (column) => {
    const head = heads[column];
    const down = head.getAttribute('aria-sort') === 'ascending';
    for (const other of heads) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    const value = (row) => row.cells[column].dataset.value;
    rows.sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === '' || y === '') return Number(x === '') - Number(y === '');
      return down ? compare(y, x) : compare(x, y);
    });
    body.append(...rows);
  };
  heads.forEach((head, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = head.textContent;
    button.addEventListener('click', () => sort(column));
    head.replaceChildren(button);
  });
})();
`

/** Shows the progress of the current run, and reloads the page when the run has ended. */
export const liveScript = `
(() => {
  const live = document.getElementById('live');
  const mib = (bytes) => Math.round((bytes || 0) / 1048576) + ' MiB';
  let running;
  const tell = (run) => {
    if (run.state === 'running') {
      running = run.id;
      const { done, images, updated, failed, received, size, active } = run.progress;
      const bytes = size ? [mib(received) + ' of ' + mib(size)] : [];
      const mirroring = active.filter((one) => one.phase === 'mirroring')
        .map((one) => one.name + ' ' + mib(one.received) + (one.size ? ' of ' + mib(one.size) : ''));
      live.textContent = ['Run ' + run.id + ': ' + done + ' of ' + images + ' images', updated + ' updated', failed + ' failed', ...bytes, ...mirroring].join(', ');
    } else if (running === run.id) location.reload();
    else live.textContent = 'Run ' + run.id + ' is ' + run.state + '.';
  };
  new EventSource('api/v1/events').addEventListener('run', (event) => tell(JSON.parse(event.data)));
})();
`
