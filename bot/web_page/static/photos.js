// Photos before they are said: shrunk in the phone, uploaded with progress, shown in a tray; and shown again in the conversation.
import { Chat, h, names, useEffect, useState } from './kit.js';
import { WORDS } from './words.js';
import * as api from './api.js';
import { newId } from './memory.js';

const { Icon } = Chat;
export const MOST_PHOTOS = 9;
const LONGEST_SIDE = 2560;
const SMALL_ENOUGH = 2.5 * 1024 * 1024;
const PLAIN_KINDS = ['image/jpeg', 'image/png', 'image/webp', 'image/gif'];

/** A large or odd picture (HEIC) as a smaller JPEG; the original when this phone cannot. */
export async function shrink(file) {
  if (PLAIN_KINDS.includes(file.type) && file.size <= SMALL_ENOUGH) return file;
  if (!window.createImageBitmap) return file;
  try {
    const picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
    const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
    const canvas = document.createElement('canvas');
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext('2d').drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    return (await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.86))) || file;
  } catch (_) {
    return file;
  }
}

/** The photos waiting to be said. `changed` is called after each change. */
export class Tray {
  constructor(record, changed) {
    this.record = record;
    this.changed = changed;
    this.photos = [];
  }

  get busy() {
    return this.photos.some((photo) => photo.state === 'uploading');
  }

  get ready() {
    return this.photos.filter((photo) => photo.state === 'ready').map((photo) => photo.attachment);
  }

  add(files) {
    const pictures = [...files].filter((file) => file.type.startsWith('image/') || /\.hei[cf]$/i.test(file.name || ''));
    if (pictures.length < files.length) Chat.toast.fail(WORDS.photo_not_image);
    const room = MOST_PHOTOS - this.photos.length;
    if (pictures.length > room) Chat.toast.fail(WORDS.photo_too_many(MOST_PHOTOS));
    pictures.slice(0, room).forEach((file) => {
      const photo = { id: newId(), file, preview: URL.createObjectURL(file), state: 'uploading', percent: 0 };
      this.photos.push(photo);
      this.send(photo);
    });
    this.changed();
  }

  async send(photo) {
    this.mark(photo, { state: 'uploading', percent: 0, reason: null });
    try {
      const blob = await shrink(photo.file);
      if (!this.photos.includes(photo)) return;
      photo.job = api.upload(this.record, blob, 'photo.jpg', (percent) => this.mark(photo, { percent }));
      this.mark(photo, { attachment: await photo.job.done, state: 'ready', percent: 100 });
    } catch (error) {
      if (error.code === 'aborted') return;
      this.mark(photo, { state: 'failed', reason: error.reason || WORDS.photo_failed, remedy: error.remedy });
      Chat.toast.fail(`${error.reason || WORDS.photo_failed} ${error.remedy || ''}`, 4000);
    }
  }

  remove(photo) {
    if (photo.job) photo.job.abort();
    URL.revokeObjectURL(photo.preview);
    this.photos = this.photos.filter((other) => other !== photo);
    this.changed();
  }

  clear() {
    [...this.photos].forEach((photo) => photo.state === 'ready' && this.remove(photo));
  }

  mark(photo, change) {
    Object.assign(photo, change);
    this.changed();
  }
}

export function TrayView({ tray }) {
  if (!tray.photos.length) return null;
  return h('ul', { className: 'Tray' }, tray.photos.map((photo, n) =>
    h('li', { key: photo.id, className: names('Tray-photo', `Tray-photo--${photo.state}`) },
      h('img', { src: photo.preview, alt: WORDS.photo_n(n + 1) }),
      photo.state === 'uploading' && h('span', { className: 'Tray-state', role: 'status' }, WORDS.photo_uploading(photo.percent)),
      photo.state === 'failed' && h('button', { type: 'button', className: 'Tray-state', onClick: () => tray.send(photo) },
        h(Icon, { type: 'refresh' }), WORDS.photo_retry),
      h('button', { type: 'button', className: 'Tray-remove', 'aria-label': WORDS.photo_remove(n + 1), onClick: () => tray.remove(photo) },
        h(Icon, { type: 'close' })))));
}

const fetched = new Map(); // attachment → promise of an object URL; lives as long as the page

function address(record, attachment) {
  if (!fetched.has(attachment)) {
    const coming = api.photo(record, attachment).then((blob) => URL.createObjectURL(blob));
    coming.catch(() => fetched.delete(attachment));
    fetched.set(attachment, coming);
  }
  return fetched.get(attachment);
}

/** A photo already said; it needs the conversation's token, so it is fetched and shown from memory. */
export function SaidPhoto({ record, attachment, n, onView }) {
  const [source, show] = useState(null);
  const [missing, miss] = useState(false);
  useEffect(() => {
    let here = true;
    address(record, attachment).then((url) => here && show(url)).catch(() => here && miss(true));
    return () => { here = false; };
  }, [record.id, attachment]);
  if (missing) return h('span', { className: 'SaidPhoto SaidPhoto--missing' }, WORDS.photo_missing);
  return h('button', { type: 'button', className: 'SaidPhoto', 'aria-label': WORDS.photo_view(n), disabled: !source, onClick: () => onView(source) },
    source && h('img', { src: source, alt: WORDS.photo_n(n) }));
}
