// The page's own icons, drawn here; ChatUI's <Icon type="x"> refers to the symbol "icon-x" in this sprite.
const SVG = 'http://www.w3.org/2000/svg';

// 24×24 strokes
const PATHS = {
  menu: 'M4 6h16M4 12h16M4 18h16',
  close: 'M6 6l12 12M18 6L6 18',
  camera: 'M4 8h3l2-3h6l2 3h3a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1zM12 17a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7z',
  image: 'M4 4h16a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zM3 17l5-5 4 4 3-3 6 5M9 9.500a1.500 1.500 0 1 1-3 0 1.500 1.500 0 0 1 3 0z',
  send: 'M12 20V5M5.500 11.500 12 5l6.500 6.500',
  phone: 'M6 3h3l2 5-2.500 1.500a12 12 0 0 0 6 6L16 13l5 2v3a3 3 0 0 1-3 3C10 21 3 14 3 6a3 3 0 0 1 3-3z',
  alert: 'M12 3 2.500 20h19L12 3zM12 10v4.500M12 17.500v.1',
  book: 'M5 4h9a4 4 0 0 1 4 4v12H8a3 3 0 0 1-3-3V4zM5 17a3 3 0 0 1 3-3h10M9 8h5',
  file: 'M6 3h8l5 5v12a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM14 3v5h5M9 13h6M9 17h6',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  ticket: 'M4 7a1 1 0 0 1 1-1h14a1 1 0 0 1 1 1v3a2 2 0 0 0 0 4v3a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1v-3a2 2 0 0 0 0-4V7zM10 9.500h5M10 14.500h5',
  bell: 'M12 4a6 6 0 0 1 6 6v4l2 3H4l2-3v-4a6 6 0 0 1 6-6zM10 20h4',
  person: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4.500 3.500-7 8-7s8 2.500 8 7',
  pin: 'M12 21s7-6.200 7-11.500A7 7 0 0 0 5 9.500C5 14.800 12 21 12 21zM12 12a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.500 2',
  'thumbs-up': 'M7 11v9H4v-9h3zM7 11l4-8a2.500 2.500 0 0 1 2.500 2.500V9H19a2 2 0 0 1 2 2.400l-1.400 7A2 2 0 0 1 17.600 20H7',
  'thumbs-down': 'M7 13V4H4v9h3zM7 13l4 8a2.500 2.500 0 0 0 2.500-2.500V15H19a2 2 0 0 0 2-2.400l-1.400-7A2 2 0 0 0 17.600 4H7',
  'chevron-down': 'M6 9l6 6 6-6',
  'chevron-right': 'M9 6l6 6-6 6',
  'chevron-double-down': 'M6 6l6 6 6-6M6 12l6 6 6-6',
  'check-circle': 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8 12.500l3 3 5.500-6',
  'warning-circle': 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 8v5M12 16v.1',
  refresh: 'M20 12a8 8 0 1 1-2.400-5.700M20 4v4.500h-4.500',
  spinner: 'M12 3a9 9 0 1 0 9 9',
  trash: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.500 11v5M13.500 11v5',
  edit: 'M4 20h4L19 9l-4-4L4 16v4zM13 7l4 4',
  offline: 'M3 3l18 18M5 12a10 10 0 0 1 3-2M19 12a10 10 0 0 0-5-2.800M8.500 15.500a5 5 0 0 1 6 0M12 19v.1M2 8.500a14 14 0 0 1 4-2.300M22 8.500A14 14 0 0 0 11 5',
  shield: 'M12 3l7 3v5c0 5-3 8.500-7 10-4-1.500-7-5-7-10V6l7-3zM9 12l2.200 2.200L15.500 10',
  plus: 'M12 5v14M5 12h14',
  people: 'M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM2.500 20c0-4 3-6 6.500-6s6.500 2 6.500 6M16 4.300a3.500 3.500 0 0 1 0 6.400M18 14.500c2.200.8 3.500 2.700 3.500 5.500',
};

export function placeIcons() {
  const sprite = document.createElementNS(SVG, 'svg');
  sprite.setAttribute('class', 'Sprite');
  sprite.setAttribute('aria-hidden', 'true');
  for (const [name, path] of Object.entries(PATHS)) {
    const symbol = document.createElementNS(SVG, 'symbol');
    symbol.id = `icon-${name}`;
    symbol.setAttribute('viewBox', '0 0 24 24');
    const line = document.createElementNS(SVG, 'path');
    line.setAttribute('d', path);
    symbol.append(line);
    sprite.append(symbol);
  }
  document.body.prepend(sprite);
}
