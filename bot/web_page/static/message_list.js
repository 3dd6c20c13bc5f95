// The list of what was said: who, when, how far a message of ours has come; keeps the newest in sight without jumping.
import { Chat, Fragment, h, memo, names, useEffect, useLayoutEffect, useRef, useState } from './kit.js';
import { WORDS } from './words.js';
import { when } from './plain_text.js';
import { Rating, Reply } from './reply.js';
import { SaidPhoto } from './photos.js';
import { TicketCard } from './ticket_card.js';

const { Bubble, Icon, Typing } = Chat;
const GAP_MS = 5 * 60 * 1000;
const RATED_OUTCOMES = ['answered', 'not_covered', 'guide', 'vote_result', 'out_of_scope'];

function Face({ author }) {
  if (author === 'operator') return h('span', { className: 'Face Face--operator', 'aria-hidden': true }, h(Icon, { type: 'person' }));
  if (author === 'notice') return h('span', { className: 'Face Face--notice', 'aria-hidden': true }, h(Icon, { type: 'bell' }));
  return h('img', { className: 'Face', src: '/static/icon.svg', alt: '' });
}

function Progress({ item, talk, onEdit }) {
  if (!item.state) return null;
  if (item.state !== 'refused') {
    const said = { waiting: WORDS.waiting, sending: WORDS.sending, retrying: WORDS.retrying }[item.state];
    return h('p', { className: names('Progress', `Progress--${item.state}`) },
      h(Icon, { type: item.state === 'retrying' ? 'offline' : 'spinner', spin: item.state === 'sending' }), said);
  }
  const drop = () => talk.outbox.remove(item.entry.message_id);
  return h('div', { className: 'Progress Progress--refused', role: 'alert' },
    h('p', null, h(Icon, { type: 'warning-circle' }), `${WORDS.not_sent}：${item.entry.reason}`),
    item.entry.remedy && h('p', null, item.entry.remedy),
    h('p', { className: 'Progress-actions' },
      item.entry.text && h('button', { type: 'button', onClick: () => { drop(); onEdit(item.entry.text); } }, WORDS.edit_again),
      h('button', { type: 'button', onClick: drop }, WORDS.drop)));
}

function Mine({ item, talk, record, onEdit, onView }) {
  const photos = item.body.attachments || [];
  return h(Fragment, null,
    item.body.text && h(Bubble, { type: 'text' }, h('p', { className: 'Said-text' }, item.body.text)),
    photos.length > 0 && h('div', { className: 'SaidPhotos' },
      photos.map((attachment, n) => h(SaidPhoto, { key: attachment, record, attachment, n: n + 1, onView }))),
    h(Progress, { item, talk, onEdit }));
}

function Theirs({ item, talk, record }) {
  const rated = item.endsTurn && (item.meta.outcome ? RATED_OUTCOMES.includes(item.meta.outcome) : (item.body.citations || []).length > 0);
  const rate = (opinion) => talk.rate(item.turn, opinion).catch((error) => Chat.toast.fail(error.reason || WORDS.odd));
  return h(Fragment, null,
    h(Reply, { item, talk: record, onChoose: (choice) => talk.choose(choice) }),
    (item.tickets || []).map((ticket) => h(TicketCard, { key: ticket.number, ticket })),
    rated && h(Rating, { rated: item.meta.rated, onRate: rate }));
}

const nameOf = (item) => {
  if (item.author === 'operator') return item.name ? `${WORDS.operator} ${item.name}` : WORDS.operator;
  return item.author === 'resident' ? WORDS.resident_said : WORDS.name;
};

function Message({ item, first, ...rest }) {
  const mine = item.author === 'resident';
  return h('div', { className: names('Message', mine ? 'right' : 'left', `Message--${item.author}`, !first && 'Message--same'), 'data-key': item.key },
    h('div', { className: 'Message-main' },
      !mine && h('span', { className: 'Message-face' }, first && h(Face, { author: item.author })),
      h('div', { className: 'Message-inner' },
        h('div', { className: names('Message-author', (mine || item.author === 'linda' || !first) && 'Spoken') }, nameOf(item)),
        h('div', { className: 'Message-content' },
          h('div', { className: 'Message-pieces' }, mine ? h(Mine, { item, ...rest }) : h(Theirs, { item, ...rest }))))));
}

/** One line of the list is drawn again only when something it shows has changed. */
const Line = memo(function Line({ item, before, talk, record, onEdit, onView }) {
  const gap = !before || new Date(item.at) - new Date(before.at) > GAP_MS;
  return h(Fragment, null,
    gap && h('p', { className: 'Message-meta' }, h('time', { className: 'Time', dateTime: item.at }, when(item.at))),
    h(Message, { item, first: gap || !before || before.author !== item.author, talk, record, onEdit, onView }));
}, (a, b) => a.record.id === b.record.id && sameBefore(a.before, b.before) && fingerprint(a.item) === fingerprint(b.item));

const sameBefore = (a, b) => (a && a.author) === (b && b.author) && (a && a.at) === (b && b.at);
const fingerprint = (item) => JSON.stringify([item.key, item.at, item.state, item.open, item.follows, item.meta, item.tickets, item.endsTurn, item.entry && item.entry.reason]);

/** Follows the end; a long answer is shown from the question on, not from its last line; scrolled-up readers are left alone. */
function useFollowing(box, items, typing) {
  const [below, tell] = useState(false);
  const near = useRef(true);
  const lastKey = useRef(null);
  const toEnd = (smooth) => {
    const element = box.current;
    const mine = [...element.querySelectorAll('.Message.right')].pop();
    const end = element.scrollHeight - element.clientHeight;
    const top = mine ? Math.min(end, mine.offsetTop - 12) : end;
    element.scrollTo({ top, behavior: smooth ? 'smooth' : 'auto' });
    near.current = true;
    tell(false);
  };
  useLayoutEffect(() => {
    const last = items[items.length - 1];
    if (!last) return;
    const grown = last.key !== lastKey.current;
    const firstTime = lastKey.current === null;
    lastKey.current = last.key;
    if (firstTime || (grown && last.author === 'resident')) toEnd(false);
    else if (near.current) toEnd(!firstTime);
    else if (grown) tell(true);
  }, [items, typing]);
  const onScroll = () => {
    const element = box.current;
    const mine = [...element.querySelectorAll('.Message.right')].pop();
    const goal = Math.min(element.scrollHeight - element.clientHeight, mine ? mine.offsetTop - 12 : Infinity);
    near.current = element.scrollTop > goal - 120;
    if (near.current) tell(false);
  };
  const end = () => {
    box.current.scrollTo({ top: box.current.scrollHeight, behavior: 'smooth' });
    near.current = true;
    tell(false);
  };
  return { below, onScroll, end };
}

/** The page title counts what arrived while nobody looked. */
function useUnread(items) {
  const seen = useRef(null);
  useEffect(() => {
    const theirs = items.filter((item) => item.author !== 'resident').length;
    const mark = () => {
      if (document.visibilityState === 'visible' || seen.current === null) seen.current = theirs;
      const unread = theirs - seen.current;
      document.title = unread > 0 ? WORDS.unread_title(unread) : `${WORDS.name} Linda`;
    };
    mark();
    document.addEventListener('visibilitychange', mark);
    return () => document.removeEventListener('visibilitychange', mark);
  }, [items]);
}

export function MessageList({ view, talk, onEdit, onView, children }) {
  const box = useRef(null);
  const { below, onScroll, end } = useFollowing(box, view.items, view.typing);
  useUnread(view.items);
  return h('div', { className: 'MessageContainer' },
    h('div', { className: 'Scroll', ref: box, onScroll, tabIndex: 0, role: 'log', 'aria-label': WORDS.log, 'aria-live': 'polite' },
      h('div', { className: 'MessageList' },
        children,
        view.items.map((item, n) => h(Line, { key: item.key, item, before: view.items[n - 1], talk, record: view.record, onEdit, onView })),
        view.typing && h('div', { className: 'Message left Message--typing', role: 'status' },
          h('div', { className: 'Message-main' },
            h('span', { className: 'Message-face' }, h(Face, { author: 'linda' })),
            h(Bubble, { type: 'typing' }, h(Typing, null), h('span', { className: 'Spoken' }, WORDS.typing)))))),
    below && h('button', { type: 'button', className: 'ToEnd', onClick: end }, WORDS.new_below, h(Icon, { type: 'chevron-double-down' })));
}
