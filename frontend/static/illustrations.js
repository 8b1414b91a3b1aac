/** Small drawings for the states without a chat. Lines take the text's colour, fills the theme's. */

const SHAPES = {
  empty: `<path class="paper" d="M24 18h112a10 10 0 0 1 10 10v38a10 10 0 0 1-10 10H70L48 96V76H24a10 10 0 0 1-10-10V28a10 10 0 0 1 10-10z"/>
    <g class="ink"><ellipse cx="80" cy="54" rx="11" ry="8.5"/><ellipse cx="62" cy="43" rx="4.5" ry="6"/><ellipse cx="74" cy="35" rx="4.5" ry="6"/><ellipse cx="87" cy="35" rx="4.5" ry="6"/><ellipse cx="99" cy="43" rx="4.5" ry="6"/></g>`,
  waiting: `<path class="wood" d="M32 22h58v62H32z"/><path d="M61 22v62M36 32h21M36 42h21M36 52h21M36 62h21M36 72h21M65 32h21M65 42h21M65 52h21M65 62h21M65 72h21"/>
    <path class="paper" d="M24 84h74v8H24z"/><path class="lamp" d="M54 10h14l5 10H49z"/><path d="M61 2v8"/>
    <g class="paw"><path class="fur" d="M150 96c-2-26-14-40-32-44-12-2-18 8-12 16 8 10 12 16 13 28z"/><path d="M107 58l7 4M105 66l8 1"/></g>
    <path class="sound" d="M101 40c3 2 5 5 6 8M106 32c5 3 8 8 9 13"/>`,
  left: `<path class="night" d="M40 14h80v70H40z"/><path d="M80 14v70M40 48h80"/><path class="lamp" d="M104 24a8 8 0 1 0 6 14 10 10 0 0 1-6-14z"/>
    <path class="wood" d="M40 14h20c2 26-4 48-20 62zM120 14h-20c-2 26 4 48 20 62z"/><path class="paper" d="M32 84h96v8H32z"/>
    <path class="tail" d="M132 92c18 0 22-14 18-24-4-9-14-4-10 4"/>`,
  lost: `<circle class="warm" cx="46" cy="58" r="28"/><path d="M22 46c16-12 36-10 50 4M20 62c14-10 38-8 52 6M30 78c8-10 22-14 38-10M38 32c14 10 20 30 14 52"/>
    <path d="M72 70c16 10 22 4 26-4M112 58c8-10 18-6 22 2 4 7 10 8 14 4"/><path class="snap" d="M103 48l2 8M97 74l3 7M109 72l5 5"/>`,
  backend: `<path class="night" d="M34 44l46-34 46 34v48H34z"/><path class="wood" d="M24 50l56-42 56 42"/><path class="paper" d="M70 64h20v28H70z"/>
    <path d="M46 56h14v14H46zM100 56h14v14h-14z"/><circle class="ink" cx="86" cy="79" r="1.8"/><path class="snap" d="M74 30l4 5M86 30l-4 5M80 27v7"/>`,
  unready: `<path class="wood" d="M26 64h108l-8 24a6 6 0 0 1-6 4H40a6 6 0 0 1-6-4z"/><path class="fur" d="M40 64c0-22 20-32 42-30 24 0 38 12 38 30z"/>
    <path class="fur" d="M46 44l2-16 14 10M74 36l12-10 4 14"/><path d="M52 54c3 3 8 3 10 0M72 54c3 3 8 3 10 0M66 58l1 3"/>
    <path class="snap" d="M112 30h10l-10 11h10M130 12h12l-12 13h12"/>`,
  away: `<path class="wood" d="M28 12h104v80H28z"/><path class="night" d="M36 20h88v26H36z"/><path class="paper" d="M36 54h88v30H36z"/><path d="M72 68h16"/>
    <path stroke-dasharray="5 5" d="M52 26h14v16H52zM74 26h14v16H74zM96 26h14v16H96z"/>`,
  full: `<path class="wood" d="M20 92V20a8 8 0 0 1 8-8h104a8 8 0 0 1 8 8v72"/><path class="paper" d="M58 22h44v16H58z"/><path d="M66 30h28"/>
    <path class="fur" d="M26 92V66l8 8h12l8-8v26zM106 92V66l8 8h12l8-8v26z"/><path class="fur warm" d="M60 92V54l12 10h16l12-10v38z"/>
    <path d="M72 76v3M88 76v3M78 84h4M36 82v2M45 82v2M115 82v2M124 82v2"/>`,
  replaced: `<path class="night" d="M14 26h50v58H14z"/><path class="lamp" d="M96 26h50v58H96z"/><path d="M39 26v58M14 55h50"/>
    <path class="fur" d="M104 84V52l10 8h14l10-8v32z"/><path d="M114 68v3M128 68v3M119 76h4"/><path class="paper" d="M8 84h62v8H8zM90 84h62v8H90z"/>
    <path class="snap" d="M66 14c10-8 20-8 28 0M94 14l-8-1M94 14l1-8"/>`,
  fresh: `<path class="warm" d="M18 72h124l10 20H8z"/><path d="M30 80h100M26 86h108"/><path class="fur" d="M54 72V30l16 12h20l16-12v42z"/>
    <path d="M70 52v4M90 52v4M77 62h6"/><path class="snap" d="M30 40h10M35 35v10M122 30h10M127 25v10"/>`,
};

/** Return an <svg> of a state; beside it stands a sentence that says the same. */
export function illustration(name) {
  const source = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 100">${SHAPES[name]}</svg>`;
  const svg = document.adoptNode(new DOMParser().parseFromString(source, "image/svg+xml").documentElement);
  svg.setAttribute("class", "illustration");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("focusable", "false");
  return svg;
}
