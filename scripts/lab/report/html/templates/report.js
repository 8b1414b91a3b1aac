// Opens a cell: its exhibits, and the path of its packet in the diagram. Without it the page still shows everything else.
const unpacked = async (text) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const whole = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Response(whole).json();
};
const data = await unpacked(document.getElementById('data').textContent.trim());
const panel = document.getElementById('panel');
const part = (name) => document.getElementById(`panel-${name}`);
const SVG = 'http://www.w3.org/2000/svg';
let opener = null;

const make = (tag, props = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), props);
  made.append(...children);
  return made;
};
const coded = (text) => {
  const parts = text.split('`');
  return parts.length % 2 ? parts.map((part, at) => (at % 2 ? make('code', {}, part) : part)) : [text];
};
const both = (en, fr) => (en === fr ? coded(en) : [make('span', { lang: 'en' }, ...coded(en)), make('span', { lang: 'fr' }, ...coded(fr))]);
const copyOf = (node) => [...node.childNodes].map((child) => child.cloneNode(true));
const template = (name) => document.getElementById(name).content;
const drawn = (tag, attributes, text = '') => {
  const made = document.createElementNS(SVG, tag);
  Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
  made.textContent = text;
  return made;
};

/* languages */
const speak = () => {
  const chosen = document.querySelector('input[name=language]:checked').value;
  document.documentElement.lang = chosen;
  document.title = document.querySelector('title').dataset[chosen];
};
document.querySelectorAll('input[name=language]').forEach((input) => input.addEventListener('change', speak));
speak();

/* a cell's exhibits */
const outcome = ([name, who]) => {
  const sign = template('outcomes').querySelector(`[data-outcome="${name}"]`);
  return [...copyOf(sign), ...(who ? [' ', make('code', {}, who)] : [])];
};
const copyButton = (text) => {
  const button = template('copying').firstElementChild.cloneNode(true);
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(text);
    document.getElementById('announcement').replaceChildren(...copyOf(template('copied')));
  });
  return button;
};
const exhibit = ([where, text, en, fr, command]) => {
  const item = make('li', {}, make('p', {}, ...both(en, fr), ' ', make('span', { className: 'quiet' }, where)));
  item.append(make('pre', {}, text));
  if (command) {
    const line = make('p', { className: 'command' }, make('code', {}, command));
    if (navigator.clipboard) line.append(copyButton(command));
    item.append(line);
  }
  return item;
};
const nameOf = (button) => button.id.slice(2);
const heads = (button) => {
  const cell = button.closest('td');
  return [cell.parentElement.cells[0], cell.closest('table').tHead.rows[0].cells[cell.cellIndex]];
};
const title = (button) => {
  const [row, column] = heads(button);
  return [...copyOf(row), ' → ', ...copyOf(column.querySelector('.head'))];
};

const show = (button) => {
  const name = nameOf(button);
  const cell = data.cells[name];
  const reason = document.getElementById(cell.y);
  part('title').replaceChildren(...title(button));
  part('url').textContent = reason.querySelector('code').textContent;
  part('predicted').replaceChildren(...outcome(cell.p));
  part('measured').replaceChildren(...outcome(cell.m), ' ', make('span', { className: 'quiet' }, ...both(...cell.d)));
  panel.querySelector('dl').classList.toggle('differs', button.closest('td').classList.contains('differs'));
  part('because').replaceChildren(...copyOf(reason.querySelector('.why')));
  part('exhibits').replaceChildren(...cell.x.map((number) => exhibit(data.exhibits[number])));
  part('rules').replaceChildren(...cell.r.map((says) => make('li', {}, ...both(...says))));
  showPath(button, cell);
};

/* the path of a packet */
const curve = (points) => points.slice(1).reduce((line, [x, y], number) => {
  const [fromX, fromY] = points[number];
  const bend = Math.abs(x - fromX) > 120 ? [(fromX + x) / 2, fromY, (fromX + x) / 2, y] : [fromX, (fromY + y) / 2, x, (fromY + y) / 2];
  return `${line}C${bend.join(' ')} ${x} ${y}`;
}, `M${points[0].join(' ')}`);
const points = (svg, keys) => {
  const visits = {};
  return keys.flatMap((key) => {
    const shape = svg.querySelector(`[data-key="${CSS.escape(key)}"][data-x]`);
    if (!shape) return [];
    shape.classList.add('passed');
    visits[key] = (visits[key] ?? -1) + 1;
    return [[Number(shape.dataset.x) + visits[key] * 22, Number(shape.dataset.y)]];
  });
};
const drawPath = (svg, keys, sign) => {
  const stops = points(svg, keys);
  if (!stops.length) return;
  const last = [...svg.querySelectorAll('.passed > rect')].map((rect) => rect.getBBox())
    .find((box) => Math.abs(box.y + box.height / 2 - stops.at(-1)[1]) < 1 && box.x < stops.at(-1)[0] && stops.at(-1)[0] < box.x + box.width);
  stops.at(-1)[0] = last.x + last.width;
  const line = curve(stops);
  const [x, y] = stops.at(-1);
  const ending = drawn('g', { class: 'ending' });
  ending.append(drawn('circle', { cx: x, cy: y, r: 14 }), drawn('text', { x, y: y + 6 }, sign));
  svg.append(drawn('path', { class: 'halo', d: line }), drawn('path', { class: 'packet', d: line, pathLength: 1 }));
  svg.querySelectorAll('.shape, .pod, .host-pod').forEach((shape) => {
    const texts = drawn('g', { class: shape.getAttribute('class').replace('passed', '') });
    texts.append(...shape.querySelectorAll('text'));
    svg.append(texts);
  });
  svg.append(ending);
  crop(svg);
};
/* only the part of the diagram that the packet passed, with the Pods there */
const crop = (svg) => {
  const inside = (pod, { x, y }) => x >= pod.x && x <= pod.x + pod.width && y >= pod.y && y <= pod.y + pod.height;
  const passed = [...svg.querySelectorAll('.passed > rect')].map((rect) => rect.getBBox());
  const pods = [...svg.querySelectorAll('.pod > rect, .host-pod > rect')].map((rect) => rect.getBBox());
  const boxes = [...passed, ...pods.filter((pod) => passed.some((box) => inside(pod, box)))];
  const [left, top] = ['x', 'y'].map((side) => Math.min(...boxes.map((box) => box[side])) - 24);
  const right = Math.max(...boxes.map((box) => box.x + box.width)) + 24;
  const bottom = Math.max(...boxes.map((box) => box.y + box.height)) + 24;
  const width = Math.max(right - left, 360);
  svg.setAttribute('viewBox', `${Math.min(left, 1120 - width)} ${top} ${width} ${Math.max(bottom - top, 170)}`);
};
const showPath = (button, cell) => {
  const diagram = button.closest('.experiment').querySelector('svg.diagram');
  part('picture').replaceChildren();
  if (!diagram) return;
  const svg = diagram.cloneNode(true);
  svg.querySelector('title').remove();
  svg.removeAttribute('aria-labelledby');
  svg.removeAttribute('role');
  svg.setAttribute('aria-hidden', 'true');
  part('picture').append(svg);
  drawPath(svg, data.paths[cell.w], template('outcomes').querySelector(`[data-outcome="${cell.m[0]}"] b`).textContent);
};

/* opening and closing */
const open = (button, from = button) => {
  if (opener) opener.setAttribute('aria-expanded', 'false');
  opener = from;
  opener.setAttribute('aria-expanded', 'true');
  document.documentElement.classList.add('opened');
  panel.hidden = false;
  show(button);
  panel.querySelector('.panel-body').scrollTop = 0;
  const below = opener.getBoundingClientRect().bottom - panel.getBoundingClientRect().top;
  if (below > -12) window.scrollBy(0, below + 24);
  part('title').focus({ preventScroll: true });
};
const close = () => {
  if (panel.hidden) return;
  panel.hidden = true;
  document.documentElement.classList.remove('opened');
  opener.setAttribute('aria-expanded', 'false');
  opener.focus();
  opener = null;
};
part('close').addEventListener('click', close);
document.addEventListener('keydown', (event) => { if (event.key === 'Escape') close(); });

/* one stop of the Tab key a matrix, the arrows inside */
const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
const neighbour = (button, [down, right]) => {
  const cell = button.closest('td');
  const rows = [...cell.closest('tbody').rows];
  let row = rows.indexOf(cell.parentElement) + down;
  let column = cell.cellIndex + right;
  for (; rows[row]?.cells[column]; row += down, column += right) {
    const next = rows[row].cells[column].querySelector('button');
    if (next) return next;
  }
  return null;
};
document.querySelectorAll('.opens').forEach((link) => {
  link.setAttribute('aria-expanded', 'false');
  link.addEventListener('click', () => open(document.getElementById(link.dataset.opens), link));
});
document.querySelectorAll('.matrix').forEach((table) => {
  const buttons = [...table.querySelectorAll('.cell')];
  buttons.forEach((button) => button.setAttribute('aria-labelledby', [...heads(button), button].map(({ id }) => id).join(' ')));
  table.querySelectorAll('.cell b').forEach((sign) => sign.setAttribute('aria-hidden', 'true'));
  const select = (selected) => buttons.forEach((button) => { button.tabIndex = button === selected ? 0 : -1; });
  select(buttons[0]);
  buttons.forEach((button) => button.setAttribute('aria-expanded', 'false'));
  table.addEventListener('click', (event) => {
    const button = event.target.closest('.cell');
    if (!button) return;
    select(button);
    open(button);
  });
  table.addEventListener('keydown', (event) => {
    const next = MOVES[event.key] && neighbour(event.target, MOVES[event.key]);
    if (!next) return;
    event.preventDefault();
    select(next);
    next.focus();
  });
});

/* a table that is wider than its box says so */
const widths = new ResizeObserver((entries) => entries.forEach(({ target }) => {
  const section = target.closest('.experiment');
  section.querySelector('.sideways').hidden = ![...section.querySelectorAll('.scroll')].some((box) => box.scrollWidth > box.clientWidth);
}));
document.querySelectorAll('.scroll').forEach((box) => widths.observe(box));

/* only the cells of one outcome or mechanism */
const filter = (button) => {
  const section = button.closest('.experiment');
  const on = button.getAttribute('aria-pressed') !== 'true';
  section.querySelectorAll('[aria-pressed]').forEach((each) => each.setAttribute('aria-pressed', String(on && each === button)));
  section.classList.toggle('filtered', on);
  const { only, which } = button.dataset;
  section.querySelectorAll('.cell').forEach((button) => {
    const { p, m, mechanism } = data.cells[nameOf(button)];
    button.classList.toggle('shown', only ? [p[0], m[0]].includes(only) : mechanism === which);
  });
  if (on && which) section.querySelector('.cell.shown')?.scrollIntoView({ block: 'center' });
};
document.querySelectorAll('[data-only], [data-which]').forEach((button) => button.addEventListener('click', () => filter(button)));

/* on paper the exhibits are open */
let unfolded = [];
addEventListener('beforeprint', () => {
  unfolded = [...document.querySelectorAll('.experiment details:not(.each):not([open])')];
  unfolded.forEach((details) => { details.open = true; });
});
addEventListener('afterprint', () => unfolded.forEach((details) => { details.open = false; }));
document.documentElement.classList.add('ready');
