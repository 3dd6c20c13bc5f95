// Linking this conversation with a Telegram chat: a code shown here, typed there, confirmed here; news then goes to both.
import { Chat, Fragment, h, useEffect, useState } from './kit.js';
import { WORDS } from './words.js';
import * as api from './api.js';
import { ConfirmSheet, Sheet } from './sheet.js';

const { Button } = Chat;
const LOOK_MS = 2000;

/** How far linking is: null while unknown, then off | none | open | claimed | linked; looked at again while `busy`. */
export function useLinkState(record, busy) {
  const [state, know] = useState(null);
  useEffect(() => {
    let over = false;
    let timer = null;
    const look = () => api.link(record).then((told) => { if (!over) know(told.state); }).catch(() => {});
    const again = () => look().then(() => { if (!over && busy) timer = setTimeout(again, LOOK_MS); });
    again();
    return () => { over = true; clearTimeout(timer); };
  }, [record.id, busy]);
  return [state, know];
}

function Code({ offer }) {
  const until = new Date(offer.expires_at).toLocaleTimeString('zh-CN', { hour: '2-digit', minute: '2-digit' });
  return h(Fragment, null,
    h('p', { className: 'Link-code', 'aria-label': WORDS.link_code }, [...offer.code].map((digit, n) => h('span', { key: n }, digit))),
    h('p', { className: 'Sheet-text', role: 'status' }, WORDS.link_type(offer.bot, until)),
    offer.bot_url && h('a', { className: 'Link-open', href: offer.bot_url, target: '_blank', rel: 'noopener noreferrer' }, WORDS.link_open(offer.bot)));
}

export function LinkSheet({ record, onClose }) {
  const [offer, show] = useState(null);
  const [busy, work] = useState(false);
  const [state, know] = useLinkState(record, true);
  const act = (request, done) => {
    work(true);
    request.then(done).catch((error) => Chat.toast.fail([error.reason, error.remedy].filter(Boolean).join('，'), 4000)).finally(() => work(false));
  };
  const ask = () => act(api.offerLink(record), (told) => { show(told); know('open'); });
  // Closed at once: a second tap of a shaking finger must not fall on what would undo it.
  const finish = (words) => { Chat.toast.success(words); onClose(); };
  const settle = (yes) => act(api.confirmLink(record, yes), () => finish(yes ? WORDS.link_made : WORDS.link_refused));
  const end = () => act(api.endLink(record), () => finish(WORDS.link_ended));
  if (state === 'linked') {
    return h(ConfirmSheet, { title: WORDS.link, text: WORDS.link_is_made, yes: WORDS.link_end, busy, onYes: end, onClose });
  }
  if (state === 'claimed') {
    return h(Sheet, { title: WORDS.link, onClose },
      h('p', { className: 'Sheet-text', role: 'status' }, WORDS.link_claimed),
      h('div', { className: 'Sheet-actions' },
        h(Button, { disabled: busy, onClick: () => settle(false) }, WORDS.link_no),
        h(Button, { color: 'primary', loading: busy, onClick: () => settle(true) }, WORDS.link_yes)));
  }
  return h(Sheet, { title: WORDS.link, onClose },
    state === 'open' && offer ? h(Code, { offer }) : h('p', { className: 'Sheet-text' }, WORDS.link_why),
    h(Button, { key: offer ? 'again' : 'first', className: 'Link-ask', color: offer ? undefined : 'primary', loading: busy, disabled: state === null || state === 'off', onClick: ask },
      offer ? WORDS.link_again : WORDS.link_ask));
}
