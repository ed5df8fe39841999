// Whether the server is there, the session lives, and its tree is the current one.

import { look } from "/page/api.js";

/** Milliseconds between two questions while all is well. */
const INTERVAL = 5_000;
/** Milliseconds to the next attempt while the server is gone: doubled each time, up to the longest. */
const FIRST_RETRY = 1_000;
const LONGEST_RETRY = 15_000;

/** Asks the server regularly, in one line of questions: never two at a time, and none while nobody looks. */
export class Connection {
  #tell;
  #timer = 0;
  #retry = FIRST_RETRY;
  #watching = false;
  #lost = false;
  #asking = false;

  /**
   * @param {{
   *   fresh: (current: boolean) => void,
   *   lost: (seconds: number) => void,
   *   back: () => void,
   *   failed: (error: Error) => void,
   * }} tell
   */
  constructor(tell) {
    this.#tell = tell;
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.askNow();
    });
    window.addEventListener("online", () => this.askNow());
  }

  /** Begins to ask, for a session that was just confirmed. */
  watch() {
    this.#watching = true;
    this.#again(INTERVAL);
  }

  /** Stops asking: there is no session. */
  rest() {
    this.#watching = false;
    this.#lost = false;
    this.#retry = FIRST_RETRY;
    clearTimeout(this.#timer);
  }

  /** A request found that the server does not answer. */
  lose() {
    if (this.#lost) return;
    this.#lost = true;
    this.#retry = FIRST_RETRY;
    this.#wait();
  }

  /** Asks without waiting for its turn. */
  askNow() {
    clearTimeout(this.#timer);
    this.#ask();
  }

  async #ask() {
    if (this.#asking) return;
    if (!this.#watching && !this.#lost) return;
    if (document.hidden) return;
    this.#asking = true;
    try {
      const { current } = await look("/v1/session/freshness");
      this.#found();
      // Null: the ERP has not answered in time.
      if (current !== null) this.#tell.fresh(current);
      this.#again(INTERVAL);
    } catch (error) {
      if (error.kind === "unreachable") this.#wait();
      else {
        this.#found();
        this.#tell.failed(error);
        this.#again(INTERVAL);
      }
    } finally {
      this.#asking = false;
    }
  }

  #found() {
    if (this.#lost) this.#tell.back();
    this.#lost = false;
    this.#retry = FIRST_RETRY;
  }

  #wait() {
    this.#lost = true;
    this.#tell.lost(this.#retry / 1000);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), this.#retry);
    this.#retry = Math.min(this.#retry * 2, LONGEST_RETRY);
  }

  #again(milliseconds) {
    clearTimeout(this.#timer);
    if (this.#watching) this.#timer = setTimeout(() => this.#ask(), milliseconds);
  }
}
