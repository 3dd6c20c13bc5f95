// Where the resident writes: text, photos, quick replies. The draft survives a reload; the keyboard fits what was asked for.
import { Chat, Fragment, h, names, useEffect, useLayoutEffect, useReducer, useRef, useState } from './kit.js';
import { WORDS } from './words.js';
import * as memory from './memory.js';
import { Sheet, SheetItem } from './sheet.js';
import { Tray, TrayView } from './photos.js';

const { Icon } = Chat;
const LONGEST = 8000;
const touch = () => window.matchMedia('(pointer: coarse)').matches;

function QuickReplies({ items, onPick }) {
  return h('div', { className: 'Quick' },
    items.map((item) => h('button', { key: item.name, type: 'button', className: 'Quick-item', onClick: () => onPick(item) }, item.name)));
}

function PhotoSource({ onFiles, onClose }) {
  const camera = useRef(null);
  const album = useRef(null);
  const take = (event) => { onFiles(event.target.files); onClose(); };
  const input = (ref, more) =>
    h('input', { ref, type: 'file', accept: 'image/*', className: 'Hidden', tabIndex: -1, 'aria-hidden': true, onChange: take, ...more });
  return h(Sheet, { title: WORDS.add_photo, onClose },
    h(SheetItem, { icon: 'camera', title: WORDS.take_photo, onClick: () => camera.current.click() }),
    h(SheetItem, { icon: 'image', title: WORDS.from_album, onClick: () => album.current.click() }),
    h('p', { className: 'Sheet-note' }, WORDS.photo_hint),
    input(camera, { capture: 'environment' }), input(album, { multiple: true }));
}

/** The photo tray of one conversation, made once; a change redraws the composer. */
function useTray(record) {
  const [, redraw] = useReducer((n) => n + 1, 0);
  const tray = useRef(null);
  if (!tray.current || tray.current.record.id !== record.id) tray.current = new Tray(record, redraw);
  return tray.current;
}

/** Text kept on the phone as it is typed. */
function useDraft(id) {
  const [text, setText] = useState(() => memory.draft(id));
  const keep = (value) => { setText(value); memory.keepDraft(id, value); };
  return [text, keep];
}

function useGrowing(field, text) {
  useLayoutEffect(() => {
    const element = field.current;
    element.style.height = 'auto';
    element.style.height = `${Math.min(element.scrollHeight, 160)}px`;
  }, [text]);
}

export function Composer({ talk, record, disabled, refill }) {
  const tray = useTray(record);
  const [text, setText] = useDraft(record.id);
  const [choosing, choose] = useState(false);
  const [pending, wait] = useState(false); // sent while photos were still going up
  const field = useRef(null);
  const picker = useRef(null);
  useGrowing(field, text);

  useEffect(() => {
    if (!refill) return;
    setText(refill.text);
    field.current.focus();
  }, [refill]);

  const written = useRef(text);
  written.current = text;
  const send = () => {
    if (disabled) return;
    const said = written.current.trim();
    if (tray.busy) {
      wait(true);
      Chat.toast.show(WORDS.wait_photos);
      return;
    }
    if (!said && !tray.ready.length) return;
    if (said.length > LONGEST) { Chat.toast.fail(WORDS.too_long(LONGEST)); return; }
    talk.say(said, tray.ready);
    written.current = ''; // a second tap before the next drawing finds nothing to send
    tray.clear();
    setText('');
    if (!touch()) field.current.focus();
  };
  useEffect(() => {
    if (!pending || tray.busy) return;
    wait(false);
    if (!tray.photos.some((photo) => photo.state === 'failed')) send();
  });

  const onKeyDown = (event) => {
    // keyCode 229 and isComposing: Enter that only confirms a word of the input method is not a send.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send();
  };
  const onPaste = (event) => {
    const files = [...event.clipboardData.files];
    if (files.length) { event.preventDefault(); tray.add(files); }
  };
  const addPhotos = () => (touch() ? choose(true) : picker.current.click());
  const quick = useRef({ text: '', at: 0 });
  const pick = ({ text: wish }) => {
    // A shaking finger taps twice: the same wish within a second is one.
    if (disabled || (quick.current.text === wish && Date.now() - quick.current.at < 1000)) return;
    quick.current = { text: wish, at: Date.now() };
    talk.say(wish);
  };
  const drafting = Boolean(record.report);
  const asks = record.asksFor;
  const canSend = !disabled && (text.trim() || tray.ready.length || tray.busy);

  return h(Fragment, null,
    h(QuickReplies, { items: drafting ? WORDS.quick_draft : WORDS.quick, onPick: pick }),
    h(TrayView, { tray }),
    h('div', { className: 'Composer Write' },
      h('button', {
        type: 'button', className: names('Write-photo', asks === 'photo' && 'Write-photo--asked'), disabled, onClick: addPhotos,
        'aria-label': WORDS.add_photo,
      }, h(Icon, { type: 'camera' })),
      h('input', {
        ref: picker, type: 'file', accept: 'image/*', multiple: true, className: 'Hidden', tabIndex: -1, 'aria-hidden': true,
        onChange: (event) => { tray.add(event.target.files); event.target.value = ''; },
      }),
      h('textarea', {
        ref: field, className: 'Write-text', rows: 1, value: text, disabled, 'aria-label': WORDS.input_label, id: 'say', name: 'say',
        placeholder: WORDS.placeholder_for[asks] || WORDS.placeholder, inputMode: asks === 'contact' ? 'tel' : 'text',
        enterKeyHint: 'send', autoComplete: 'off', maxLength: LONGEST + 500, onKeyDown, onPaste,
        onChange: (event) => setText(event.target.value),
      }),
      h('button', { type: 'button', className: 'Write-send', 'aria-label': WORDS.send, disabled: !canSend, onClick: send }, h(Icon, { type: 'send' }))),
    choosing && h(PhotoSource, { onFiles: (files) => tray.add(files), onClose: () => choose(false) }));
}
