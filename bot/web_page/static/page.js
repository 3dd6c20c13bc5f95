// The page: remembers or begins a conversation and shows it. Entry point; loaded last.
import { Chat, ReactDOM, h, useCallback, useEffect, useMemo, useState, useSyncExternalStore } from './kit.js';
import { WORDS } from './words.js';
import * as api from './api.js';
import * as memory from './memory.js';
import { placeIcons } from './icons.js';
import { Composer } from './composer.js';
import { FirstVisit, placeToken } from './first_visit.js';
import { MessageList } from './message_list.js';
import { Menu, Tickets, whereText } from './side.js';
import { Sheet } from './sheet.js';
import { Talk } from './talk.js';
import { placeText } from './ticket_card.js';

const { Button, ConfigProvider, Icon } = Chat;

function Header({ view, large, onLarge, onMenu }) {
  return h('header', { className: 'Navbar Head' },
    h('img', { className: 'Head-logo', src: '/static/icon.svg', alt: '' }),
    h('div', { className: 'Head-main' },
      h('h1', { className: 'Head-title' }, WORDS.name),
      h('p', { className: 'Head-where' }, whereText(view.record) || WORDS.tagline)),
    h('button', { type: 'button', className: 'Head-large', 'aria-pressed': large, title: WORDS.big_label, onClick: onLarge }, WORDS.big_on),
    h('button', { type: 'button', className: 'Head-menu', title: WORDS.menu, onClick: onMenu },
      h(Icon, { type: 'menu' }), h('span', { className: 'Spoken' }, WORDS.menu),
      view.tickets.length > 0 && h('span', { className: 'Head-count' }, h('span', { className: 'Spoken' }, WORDS.my_tickets), view.tickets.length)));
}

function Banner({ view, online }) {
  if (!online) return h('p', { className: 'Banner Banner--off', role: 'status' }, h(Icon, { type: 'offline' }), WORDS.offline);
  if (view.link === 'polling') return h('p', { className: 'Banner', role: 'status' }, h(Icon, { type: 'refresh' }), WORDS.slow_link);
  return null;
}

function PlaceNote({ record }) {
  if (!record.placeToken) return null;
  return h('div', { className: 'PlaceNote' },
    h(Icon, { type: 'pin' }),
    h('div', null,
      h('p', null, WORDS.place_from_code), h('p', { className: 'PlaceNote-place' }, placeText(record.place) || record.regionName),
      h('p', { className: 'PlaceNote-safe' }, WORDS.place_safety(window.location.host))));
}

function DraftBar({ record }) {
  if (!record.report) return null;
  const { kind, place, description } = record.report;
  const known = [placeText(place), description].filter(Boolean).join(' · ');
  return h('div', { className: 'DraftBar', role: 'status' },
    h(Icon, { type: 'edit' }),
    h('span', { className: 'DraftBar-what' }, h('strong', null, WORDS.draft_bar(WORDS.kinds[kind] || '')), known && ` ${known}`),
    WORDS.still_needed[record.asksFor] && h('span', { className: 'DraftBar-asks' }, WORDS.still_needed[record.asksFor]));
}

function Examples({ view, talk }) {
  if (!view.loaded || view.items.some((item) => item.author === 'resident')) return null;
  return h('div', { className: 'Examples' },
    h('p', null, WORDS.try_asking),
    WORDS.examples.map((text) => h('button', { key: text, type: 'button', onClick: () => talk.say(text) }, text, h(Icon, { type: 'chevron-right' }))));
}

function Rail({ view }) {
  return h('aside', { className: 'Rail', 'aria-label': WORDS.my_tickets },
    h('h2', null, WORDS.my_tickets), h(Tickets, { tickets: view.tickets }),
    h('p', { className: 'Rail-privacy' }, h(Icon, { type: 'shield' }), WORDS.privacy_short));
}

function useOnline() {
  const [online, set] = useState(navigator.onLine);
  useEffect(() => {
    const look = () => set(navigator.onLine);
    window.addEventListener('online', look);
    window.addEventListener('offline', look);
    return () => {
      window.removeEventListener('online', look);
      window.removeEventListener('offline', look);
    };
  }, []);
  return online;
}

function Conversation({ talk, large, onLarge, onFresh, onSwitch, onRestart }) {
  const view = useSyncExternalStore(talk.subscribe, talk.snapshot);
  const [menu, openMenu] = useState(false);
  const [picture, viewPicture] = useState(null);
  const [refill, edit] = useState(null);
  const online = useOnline();
  const onEdit = useCallback((text) => edit({ text }), []);
  useEffect(() => {
    talk.open();
    return () => talk.close();
  }, [talk]);
  return h('div', { className: 'ChatApp Talk', 'data-elder-mode': large },
    h('div', { className: 'Talk-main' },
      h(Header, { view, large, onLarge, onMenu: () => openMenu(true) }),
      h(Banner, { view, online }),
      h('main', { className: 'Talk-body' },
        h(MessageList, { view, talk, onEdit, onView: viewPicture },
          h(PlaceNote, { record: view.record })),
        view.gone
          ? h('div', { className: 'Gone', role: 'alert' }, h('p', null, WORDS.gone), h(Button, { color: 'primary', onClick: onRestart }, WORDS.start_again))
          : h('div', { className: 'ChatFooter' },
              h(Examples, { view, talk }), h(DraftBar, { record: view.record }),
              h(Composer, { talk, record: view.record, disabled: view.gone, refill })))),
    h(Rail, { view }),
    menu && h(Menu, { view, large, onLarge, onFresh, onSwitch, onErased: onFresh, onClose: () => openMenu(false) }),
    picture && h(Sheet, { title: WORDS.photo_only, className: 'Sheet--picture', onClose: () => viewPicture(null) },
      h('img', { src: picture, alt: WORDS.photo_only })));
}

/** A new record of this phone from the server's answer to POST /conversations. */
function recordOf(begun, { region, regionName, placeToken: token }) {
  return {
    id: begun.conversation, token: begun.token, region: begun.region || region || null, regionName: regionName || null,
    place: begun.place || null, placeToken: token || null, startedAt: new Date().toISOString(), turns: {},
  };
}

async function regionNameOf(id) {
  try {
    const { regions } = await api.regions();
    const found = regions.find((region) => region.id === id);
    return found ? found.name : null;
  } catch (_) {
    return null;
  }
}

const toRoot = () => window.history.replaceState(null, '', '/');

/** The record to begin with: that of the scanned place, else the last one; null means the first visit. */
function remembered() {
  const token = placeToken();
  const record = token ? memory.talkOfPlace(token) : memory.currentTalk();
  if (record) memory.chooseTalk(record.id);
  return record;
}

/** Opening by a place code begins at once: the code says where, nothing need be chosen. */
function ScannedPlace({ token, onBegun, onUnknown }) {
  const [failure, fail] = useState(null);
  const begin = useCallback(async () => {
    fail(null);
    try {
      const begun = await api.begin({ place_token: token, locale: 'zh-CN' });
      onBegun(begun, { placeToken: token, regionName: begun.region ? await regionNameOf(begun.region) : null });
    } catch (error) {
      if (error.passing === false) onUnknown({ reason: error.reason || WORDS.place_unknown, remedy: error.remedy || WORDS.place_unknown });
      else fail(error);
    }
  }, [token]);
  useEffect(() => void begin(), [begin]);
  return h('main', { className: 'First' },
    failure
      ? h('div', { className: 'Failed', role: 'alert' }, h('p', null, `${failure.reason || WORDS.odd} ${failure.remedy || ''}`), h(Button, { onClick: begin }, WORDS.again))
      : h('p', { className: 'Starting', role: 'status' }, WORDS.starting));
}

function Page() {
  const [current, become] = useState(() => ({ record: remembered(), replies: [], notice: null, token: placeToken() }));
  const [large, setLarge] = useState(() => Boolean(memory.preferences().large));
  useEffect(() => {
    document.documentElement.dataset.large = large;
    memory.keepPreferences({ large });
  }, [large]);
  // In large print answers are short too. Should it not be told now, answers stay as they are; nothing else depends on it.
  const tellStyle = (record, elder) => record && api.setStyle(record, elder ? 'elder' : 'plain').catch(() => {});
  const onLarge = () => { tellStyle(current.record, !large); setLarge(!large); };
  const talk = useMemo(() => current.record && new Talk(current.record, current.replies), [current.record && current.record.id]);
  const start = (notice = null, unsaid = '') => { toRoot(); become({ record: null, replies: [], notice, unsaid, token: null }); };
  const begun = (answer, known) => {
    const record = recordOf(answer, known);
    memory.keepTalk(record);
    memory.keepDraft(record.id, current.unsaid);
    if (large) tellStyle(record, true);
    become({ record, replies: answer.replies, notice: null, token: null });
  };
  const onSwitch = (id) => { toRoot(); memory.chooseTalk(id); become({ record: memory.currentTalk(), replies: [], notice: null, token: null }); };
  const onRestart = () => {
    const unsaid = memory.unsaid(current.record.id);
    memory.forgetTalk(current.record.id);
    start(null, unsaid);
  };
  let shown;
  if (talk) shown = h(Conversation, { key: talk.record.id, talk, large, onLarge, onFresh: () => start(), onSwitch, onRestart });
  else if (current.token) shown = h(ScannedPlace, { token: current.token, onBegun: begun, onUnknown: start });
  else shown = h(FirstVisit, { onBegun: begun, notice: current.notice });
  return h(ConfigProvider, { locale: 'zh-CN', elderMode: large }, shown);
}

/** iOS keeps the page's height under its keyboard: the visible height is told to the style sheet. */
function followKeyboard() {
  const viewport = window.visualViewport;
  if (!viewport) return;
  const tell = () => document.documentElement.style.setProperty('--seen-height', `${viewport.height}px`);
  viewport.addEventListener('resize', tell);
  tell();
}

placeIcons();
followKeyboard();
ReactDOM.createRoot(document.getElementById('root')).render(h(Page));
