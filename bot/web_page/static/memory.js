// What this phone keeps: conversations with their secrets, drafts, unsent messages, preferences. Works without storage too.
const held = new Map();

function usable() {
  try {
    localStorage.setItem('linda.probe', '1');
    localStorage.removeItem('linda.probe');
    return true;
  } catch (_) {
    return false;
  }
}
const kept = usable();

function read(key, otherwise) {
  try {
    const text = kept ? localStorage.getItem(`linda.${key}`) : held.get(key);
    return text ? JSON.parse(text) : otherwise;
  } catch (_) {
    return otherwise;
  }
}

function write(key, value) {
  const text = JSON.stringify(value);
  try {
    if (kept) localStorage.setItem(`linda.${key}`, text);
  } catch (_) {
    // A full store: the page goes on, only a reload would forget.
  }
  held.set(key, text);
}

function drop(key) {
  if (kept) localStorage.removeItem(`linda.${key}`);
  held.delete(key);
}

/** All known conversations, newest first: {id, token, region, regionName, place, placeToken, startedAt, turns, asksFor, report}. */
export const talks = () => read('talks', []);
export const currentTalk = () => talks().find((talk) => talk.id === read('current', null)) || null;
export const talkOfPlace = (placeToken) => talks().find((talk) => talk.placeToken === placeToken) || null;

export function keepTalk(talk) {
  write('talks', [talk, ...talks().filter((other) => other.id !== talk.id)].slice(0, 20));
  write('current', talk.id);
}

/** Change one conversation's record in place. */
export function noteTalk(id, change) {
  write('talks', talks().map((talk) => (talk.id === id ? { ...talk, ...change } : talk)));
}

export const turnsOf = (id) => (talks().find((talk) => talk.id === id) || {}).turns || {};

export const chooseTalk = (id) => write('current', id);

export function forgetTalk(id) {
  write('talks', talks().filter((talk) => talk.id !== id));
  drop(`draft.${id}`);
  drop(`outbox.${id}`);
}

export const draft = (id) => read(`draft.${id}`, '');
export const keepDraft = (id, text) => (text ? write(`draft.${id}`, text) : drop(`draft.${id}`));
export const outbox = (id) => read(`outbox.${id}`, []);
export const keepOutbox = (id, entries) => (entries.length ? write(`outbox.${id}`, entries) : drop(`outbox.${id}`));
/** Everything written but never taken by the server: what a new conversation may begin with. */
export const unsaid = (id) => [...outbox(id).map((entry) => entry.text), draft(id)].filter(Boolean).join('\n');
export const preferences = () => read('preferences', {});
export const keepPreferences = (change) => write('preferences', { ...preferences(), ...change });

/** A random id; randomUUID exists only on https and localhost, and a test deployment may be neither. */
export function newId() {
  if (window.crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}
