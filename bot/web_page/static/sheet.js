// A panel from below (phone) or in the middle (desktop): the browser's own dialog, so focus stays inside and Escape closes.
import { Chat, h, names, useEffect, useRef } from './kit.js';
import { WORDS } from './words.js';

const { Icon, Button } = Chat;

export function Sheet({ title, onClose, className, children }) {
  const dialog = useRef(null);
  const before = useRef(document.activeElement);
  useEffect(() => {
    const element = dialog.current;
    if (element.showModal) element.showModal();
    else element.setAttribute('open', '');
    return () => {
      if (element.open && element.close) element.close();
      if (before.current && before.current.isConnected) before.current.focus();
    };
  }, []);
  const outside = (event) => event.target === dialog.current && onClose();
  return h('dialog', {
    ref: dialog, className: names('Sheet', className), 'aria-label': title, onClick: outside,
    onCancel: (event) => { event.preventDefault(); onClose(); },
  },
    h('div', { className: 'Sheet-inner' },
      h('div', { className: 'Sheet-head' },
        h('h2', { className: 'Sheet-title' }, title),
        h('button', { type: 'button', className: 'Sheet-close', 'aria-label': WORDS.close, onClick: onClose }, h(Icon, { type: 'close' }))),
      h('div', { className: 'Sheet-body' }, children)));
}

export function SheetItem({ icon, title, hint, danger, onClick }) {
  return h('button', { type: 'button', className: names('SheetItem', danger && 'SheetItem--danger'), onClick },
    h(Icon, { type: icon }),
    h('span', { className: 'SheetItem-text' }, h('span', null, title), hint && h('small', null, hint)),
    h(Icon, { type: 'chevron-right' }));
}

export function ConfirmSheet({ title, text, yes, busy, onYes, onClose }) {
  return h(Sheet, { title, onClose },
    h('p', { className: 'Sheet-text' }, text),
    h('div', { className: 'Sheet-actions' },
      h(Button, { className: 'Sheet-no', onClick: onClose }, WORDS.keep),
      h(Button, { className: 'Sheet-yes', loading: busy, onClick: onYes }, yes)));
}
