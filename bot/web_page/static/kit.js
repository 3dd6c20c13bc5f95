// The three libraries as modules see them. They come as plain scripts (UMD) before this page's modules run.
export const React = window.React;
export const ReactDOM = window.ReactDOM;
export const Chat = window.ChatUI;
export const h = React.createElement;
export const { useState, useEffect, useLayoutEffect, useRef, useMemo, useCallback, useReducer, useSyncExternalStore, memo, Fragment } = React;

/** Class names that hold. */
export function names(...given) {
  return given.filter(Boolean).join(' ');
}
