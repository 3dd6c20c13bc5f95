// Text of people and servers on the screen: never as HTML; telephone numbers become links; only safe addresses are followed.
import { h } from './kit.js';

// No look-behind: phones before 2023 do not know it.
const PHONE = /(^|[^\d.])(1[3-9]\d{9}|0\d{2,3}[-－ ]?\d{7,8}|400[-－ ]?\d{3}[-－ ]?\d{4}|12345|12319|12329|12315)(?!\d|\.\d)/g;
const PHONE_OR_EMERGENCY = new RegExp(PHONE.source.replace('|12345', '|110|119|120|12345'), 'g');
const EMERGENCY = /(^|[^\d.])(110|119|120)(?!\d|\.\d)/g;

function linked(text, pattern) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(pattern)) {
    const start = found.index + found[1].length;
    parts.push(text.slice(from, start));
    parts.push(h('a', { key: start, className: 'Phone', href: `tel:${found[2].replace(/[^\d]/g, '')}` }, found[2]));
    from = start + found[2].length;
  }
  parts.push(text.slice(from));
  return parts;
}

/** Text with telephone links; 110, 119 and 120 only where they are telephone numbers for sure. */
export function PlainText({ text, emergency }) {
  return linked(text, emergency ? PHONE_OR_EMERGENCY : PHONE);
}

/** The emergency numbers a text names, in its order, each once. */
export function emergencyNumbers(text) {
  return [...new Set([...text.matchAll(EMERGENCY)].map((found) => found[2]))];
}

/** An http(s) address as given, or null: a javascript: or data: address is never followed. */
export function safeAddress(address) {
  try {
    const url = new URL(address, window.location.origin);
    return url.protocol === 'http:' || url.protocol === 'https:' ? url : null;
  } catch (_) {
    return null;
  }
}

const two = (n) => String(n).padStart(2, '0');

/** 今天 14:30 · 昨天 09:05 · 11月20日 08:00, in China's time wherever the phone is. */
export function when(iso, now = new Date()) {
  const day = (date) => new Date(date.getTime() + 8 * 3600e3);
  const at = day(new Date(iso));
  const today = day(now);
  const days = Math.floor(today.getTime() / 864e5) - Math.floor(at.getTime() / 864e5);
  const clock = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
  const year = at.getUTCFullYear() === today.getUTCFullYear() ? '' : `${at.getUTCFullYear()}年`;
  const date = days === 0 ? '今天' : days === 1 ? '昨天' : days === -1 ? '明天' : `${year}${at.getUTCMonth() + 1}月${at.getUTCDate()}日`;
  return `${date} ${clock}`;
}
