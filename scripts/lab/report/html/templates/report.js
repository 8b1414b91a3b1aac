// Opens a cell: its exhibits, and the way of its packet in the picture. Without it the page still tells everything else.
'use strict';

const data = JSON.parse(document.getElementById('data').textContent);
const panel = document.getElementById('panel');
const part = (name) => document.getElementById(`panel-${name}`);
const SVG = 'http://www.w3.org/2000/svg';
let opener = null;

const make = (tag, props = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), props);
  made.append(...children);
  return made;
};
const both = (en, fr) => (en === fr ? [en] : [make('span', { lang: 'en' }, en), make('span', { lang: 'fr' }, fr)]);
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
  const said = template('outcomes').querySelector(`[data-outcome="${name}"]`);
  return [...copyOf(said), ...(who ? [' ', make('code', {}, who)] : [])];
};
const copyButton = (text) => {
  const button = template('copying').firstElementChild.cloneNode(true);
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(text);
    document.getElementById('told').replaceChildren(...[...template('copied').childNodes].map((one) => one.cloneNode(true)));
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
const title = (button) => {
  const [row, column] = button.getAttribute('aria-labelledby').split(' ').map((id) => document.getElementById(id));
  return [...copyOf(row), ' → ', ...copyOf(column.querySelector('.head'))];
};
const because = (name) => [...document.getElementById(name).querySelectorAll(':scope > [lang]')].map((one) => one.cloneNode(true));

const show = (button) => {
  const name = button.dataset.cell;
  const cell = data.cells[name];
  part('title').replaceChildren(...title(button));
  part('url').textContent = cell.u;
  part('predicted').replaceChildren(...outcome(cell.p));
  part('measured').replaceChildren(...outcome(cell.m), ' ', make('span', { className: 'quiet' }, cell.d));
  panel.querySelector('dl').classList.toggle('differs', button.closest('td').classList.contains('differs'));
  const why = because(name);
  part('because').replaceChildren(...(why.length ? why : [document.getElementById(name).lastChild.textContent]));
  part('exhibits').replaceChildren(...cell.x.map((number) => exhibit(data.exhibits[number])));
  part('rules').textContent = cell.r;
  picture(button, cell);
};

/* the way of a packet */
const route = (points) => points.slice(1).reduce((line, [x, y], number) => {
  const [fromX, fromY] = points[number];
  const bend = Math.abs(x - fromX) > 120 ? [(fromX + x) / 2, fromY, (fromX + x) / 2, y] : [fromX, (fromY + y) / 2, x, (fromY + y) / 2];
  return `${line}C${bend.join(' ')} ${x} ${y}`;
}, `M${points[0].join(' ')}`);
const points = (svg, keys) => {
  const seen = {};
  return keys.flatMap((key) => {
    const thing = svg.querySelector(`[data-key="${CSS.escape(key)}"][data-x]`);
    if (!thing) return [];
    thing.classList.add('passed');
    seen[key] = (seen[key] ?? -1) + 1;
    return [[Number(thing.dataset.x) + seen[key] * 22, Number(thing.dataset.y)]];
  });
};
const travel = (svg, keys, sign) => {
  const stops = points(svg, keys);
  if (!stops.length) return;
  const line = route(stops);
  const [x, y] = stops.at(-1);
  const ending = drawn('g', { class: 'ending' });
  ending.append(drawn('circle', { cx: x, cy: y, r: 14 }), drawn('text', { x, y: y + 6 }, sign));
  svg.append(drawn('path', { class: 'halo', d: line }), drawn('path', { class: 'packet', d: line, pathLength: 1 }), ending);
};
const picture = (button, cell) => {
  const scene = button.closest('.experiment').querySelector('svg.scene');
  part('picture').replaceChildren();
  if (!scene) return;
  const svg = scene.cloneNode(true);
  svg.querySelector('title').remove();
  svg.removeAttribute('aria-labelledby');
  svg.removeAttribute('role');
  svg.setAttribute('aria-hidden', 'true');
  part('picture').append(svg);
  travel(svg, data.ways[cell.w], template('outcomes').querySelector(`[data-outcome="${cell.m[0]}"] b`).textContent);
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
const beside = (button, [down, right]) => {
  const cell = button.closest('td');
  const rows = [...cell.closest('tbody').rows];
  let row = rows.indexOf(cell.parentElement) + down;
  let column = cell.cellIndex + right;
  for (; rows[row]?.cells[column]; row += down, column += right) {
    const found = rows[row].cells[column].querySelector('button');
    if (found) return found;
  }
  return null;
};
document.querySelectorAll('.opens').forEach((link) => {
  link.setAttribute('aria-expanded', 'false');
  link.addEventListener('click', () => open(document.getElementById(link.dataset.opens), link));
});
document.querySelectorAll('.matrix').forEach((table) => {
  const buttons = [...table.querySelectorAll('.cell')];
  const select = (one) => buttons.forEach((button) => { button.tabIndex = button === one ? 0 : -1; });
  select(buttons[0]);
  buttons.forEach((button) => button.setAttribute('aria-expanded', 'false'));
  table.addEventListener('click', (event) => {
    const button = event.target.closest('.cell');
    if (!button) return;
    select(button);
    open(button);
  });
  table.addEventListener('keydown', (event) => {
    const next = MOVES[event.key] && beside(event.target, MOVES[event.key]);
    if (!next) return;
    event.preventDefault();
    select(next);
    next.focus();
  });
});

/* only the cells of one outcome or mechanism */
const filter = (button) => {
  const section = button.closest('.experiment');
  const on = button.getAttribute('aria-pressed') !== 'true';
  section.querySelectorAll('[aria-pressed]').forEach((one) => one.setAttribute('aria-pressed', String(on && one === button)));
  section.classList.toggle('filtered', on);
  const { only, which } = button.dataset;
  section.querySelectorAll('.cell').forEach((cell) => cell.classList.toggle('shown',
    only ? cell.dataset.outcomes.split(' ').includes(only) : cell.dataset.mechanism === which));
  if (on && which) section.querySelector('.cell.shown')?.scrollIntoView({ block: 'center' });
};
document.querySelectorAll('[data-only], [data-which]').forEach((button) => button.addEventListener('click', () => filter(button)));

/* on paper the exhibits are open */
let unfolded = [];
addEventListener('beforeprint', () => {
  unfolded = [...document.querySelectorAll('.experiment details:not(.each):not([open])')];
  unfolded.forEach((one) => { one.open = true; });
});
addEventListener('afterprint', () => unfolded.forEach((one) => { one.open = false; }));
