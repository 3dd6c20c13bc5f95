// HTTP to our own server only. Failures come back as ApiError; `code` is "network" when nothing answered.
import { WORDS } from './words.js';

const ROOT = '/api/v1';
const PATIENCE_MS = 20000;

export class ApiError extends Error {
  constructor(status, code, reason, remedy) {
    super(reason);
    this.status = status;
    this.code = code;
    this.reason = reason;
    this.remedy = remedy || '';
  }

  /** Whether the same request may succeed later without being changed. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

const unreachable = () => new ApiError(0, 'network', WORDS.no_network, WORDS.no_network_remedy);

function refusal(status, text) {
  let told = {};
  try {
    told = JSON.parse(text).error || {};
  } catch (_) {
    told = {};
  }
  return new ApiError(status, told.code || 'odd', told.reason || WORDS.odd, told.remedy || WORDS.odd_remedy);
}

/** Fetch with the conversation's token and a time limit; raises ApiError unless the answer is 2xx. */
export async function request(path, { token, method = 'GET', body, headers = {}, signal, patience = PATIENCE_MS } = {}) {
  const limit = new AbortController();
  const timer = patience ? setTimeout(() => limit.abort(), patience) : null;
  if (signal) signal.addEventListener('abort', () => limit.abort());
  const sent = { ...headers };
  if (token) sent.Authorization = `Bearer ${token}`;
  if (body !== undefined) sent['Content-Type'] = 'application/json';
  let answer;
  try {
    answer = await fetch(ROOT + path, {
      method, headers: sent, body: body === undefined ? undefined : JSON.stringify(body),
      signal: limit.signal, cache: 'no-store', credentials: 'same-origin', redirect: 'error',
    });
  } catch (_) {
    throw unreachable();
  } finally {
    if (timer) clearTimeout(timer);
  }
  if (!answer.ok) throw refusal(answer.status, await answer.text().catch(() => ''));
  return answer;
}

async function json(path, options) {
  const answer = await request(path, options);
  try {
    return await answer.json();
  } catch (_) {
    throw unreachable();
  }
}

const at = (talk, rest = '') => `/conversations/${encodeURIComponent(talk.id)}${rest}`;

export const regions = () => json('/regions');
export const begin = (wish) => json('/conversations', { method: 'POST', body: wish });
export const say = (talk, message) => json(at(talk, '/messages'), { method: 'POST', token: talk.token, body: message });
export const said = (talk, after) => json(at(talk, `/messages?after=${after}`), { token: talk.token });
export const setStyle = (talk, style) => request(at(talk, '/style'), { method: 'POST', token: talk.token, body: { style } });
export const erase = (talk) => request(at(talk), { method: 'DELETE', token: talk.token });
export const ticket = (talk, number) => json(`/tickets/${encodeURIComponent(number)}`, { token: talk.token });
export const rate = (talk, turn, opinion) =>
  request(at(talk, `/messages/${encodeURIComponent(turn)}/feedback`), { method: 'POST', token: talk.token, body: opinion });
export const link = (talk) => json(at(talk, '/link'), { token: talk.token });
export const offerLink = (talk) => json(at(talk, '/link'), { method: 'POST', token: talk.token });
export const confirmLink = (talk, yes) => json(at(talk, '/link/confirm'), { method: 'POST', token: talk.token, body: { yes } });
export const endLink = (talk) => request(at(talk, '/link'), { method: 'DELETE', token: talk.token });
export const stream = (talk, last, signal) =>
  request(at(talk, '/events'), {
    token: talk.token, signal, patience: 0, headers: { Accept: 'text/event-stream', ...(last ? { 'Last-Event-ID': String(last) } : {}) },
  });

/** A protected file of this conversation as a Blob. */
export async function photo(talk, attachment) {
  const answer = await request(at(talk, `/attachments/${encodeURIComponent(attachment)}`), { token: talk.token });
  return answer.blob();
}

/** Any of our own files that needs the token, as a Blob (documents made for this conversation). */
export async function ownFile(talk, path) {
  const answer = await request(path.slice(ROOT.length), { token: talk.token });
  return answer.blob();
}

/** Upload one photo; XMLHttpRequest because fetch tells no progress. `progress` gets 0..100. */
export function upload(talk, blob, name, progress) {
  const http = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    http.upload.onprogress = (event) => event.lengthComputable && progress(Math.round((100 * event.loaded) / event.total));
    http.onerror = http.ontimeout = () => reject(unreachable());
    http.onabort = () => reject(new ApiError(0, 'aborted', '', ''));
    http.onload = () => {
      if (http.status !== 201) return reject(refusal(http.status, http.responseText));
      try {
        return resolve(JSON.parse(http.responseText).attachment);
      } catch (_) {
        return reject(unreachable());
      }
    };
  });
  const form = new FormData();
  form.append('file', blob, name);
  http.open('POST', ROOT + at(talk, '/attachments'));
  http.timeout = 120000;
  http.setRequestHeader('Authorization', `Bearer ${talk.token}`);
  http.send(form);
  return { done, abort: () => http.abort() };
}
