// Checks regularly whether the server answers, the session is alive and its tree is the current one.

import { getInBackground } from "/page/api.js";

/** Milliseconds between two checks while the server answers. */
const INTERVAL = 5_000;
/** Milliseconds to the next attempt after a failure: doubled each time, up to the longest. */
const FIRST_RETRY = 1_000;
const LONGEST_RETRY = 15_000;

/** Checks the server, one request at a time, and none while the page is hidden. */
export class Connection {
  #handlers;
  #timer = 0;
  #retryDelay = FIRST_RETRY;
  #isRunning = false;
  #isLost = false;
  #isChecking = false;

  /**
   * @param {{
   *   onFreshness: (current: boolean) => void,
   *   onLost: (seconds: number) => void,
   *   onBack: () => void,
   *   onError: (error: Error) => void,
   * }} handlers
   */
  constructor(handlers) {
    this.#handlers = handlers;
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.checkNow();
    });
    window.addEventListener("online", () => this.checkNow());
  }

  /** Starts the checks, just after the server has confirmed the session. */
  start() {
    this.#isRunning = true;
    this.#schedule(INTERVAL);
  }

  /** Stops the checks: there is no session. */
  stop() {
    this.#isRunning = false;
    this.#isLost = false;
    this.#retryDelay = FIRST_RETRY;
    clearTimeout(this.#timer);
  }

  /** Notes that another request got no answer. */
  markLost() {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#retryDelay = FIRST_RETRY;
    this.#retryLater();
  }

  /** Checks at once. */
  checkNow() {
    clearTimeout(this.#timer);
    this.#check();
  }

  async #check() {
    if (this.#isChecking) return;
    if (!this.#isRunning && !this.#isLost) return;
    if (document.hidden) return;
    this.#isChecking = true;
    try {
      const { current } = await getInBackground("/v1/session/freshness");
      this.#markFound();
      // Null: the ERP did not answer in time.
      if (current !== null) this.#handlers.onFreshness(current);
      this.#schedule(INTERVAL);
    } catch (error) {
      if (error.kind === "unreachable") this.#retryLater();
      else {
        this.#markFound();
        this.#handlers.onError(error);
        this.#schedule(INTERVAL);
      }
    } finally {
      this.#isChecking = false;
    }
  }

  #markFound() {
    if (this.#isLost) this.#handlers.onBack();
    this.#isLost = false;
    this.#retryDelay = FIRST_RETRY;
  }

  #retryLater() {
    this.#isLost = true;
    this.#handlers.onLost(this.#retryDelay / 1000);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#check(), this.#retryDelay);
    this.#retryDelay = Math.min(this.#retryDelay * 2, LONGEST_RETRY);
  }

  #schedule(milliseconds) {
    clearTimeout(this.#timer);
    if (this.#isRunning) this.#timer = setTimeout(() => this.#check(), milliseconds);
  }
}
