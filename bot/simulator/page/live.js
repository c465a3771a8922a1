/** Follows the server: state once, then every change; comes back by itself after a pause. */

import { getState, Refused } from "./api.js";

const FIRST_WAIT = 400;
const LONGEST_WAIT = 4000;

/**
 * Calls `onState(state)` with every full state, `onChange(change)` with each change after it, and
 * `onConnection(isUp)` when the server goes or returns.
 */
export function follow({ onState, onChange, onConnection }) {
  let source = null;
  let seq = 0;
  let wait = FIRST_WAIT;

  async function load() {
    source?.close();
    try {
      const state = await getState();
      seq = state.seq;
      onState(state);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return lost();
    }
    listen();
  }

  function listen() {
    source = new EventSource(`/api/events?since=${seq}`);
    source.onopen = () => {
      wait = FIRST_WAIT;
      onConnection(true);
    };
    source.onmessage = ({ data }) => {
      const change = JSON.parse(data);
      if (change.type === "reload") {
        load();
      } else if (change.seq > seq) {
        seq = change.seq;
        onChange(change);
      }
    };
    source.onerror = lost;
  }

  function lost() {
    source?.close();
    onConnection(false);
    setTimeout(load, wait);
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }

  load();
}
