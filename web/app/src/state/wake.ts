// Keeps a device awake while it uploads: a phone that falls asleep stops sending.

/** Until the function that it gives is called. Browsers let go of the lock when the page is hidden, so it is asked for again. */
export function keepAwake(): () => void {
  let lock: WakeLockSentinel | undefined;
  let isOver = false;

  async function ask() {
    if (document.hidden || isOver) return;
    // A battery that is low, or a browser without it, refuses. Then the upload goes on when the device wakes up.
    const given = await navigator.wakeLock?.request("screen").catch(() => undefined);
    if (isOver) void given?.release();
    else lock = given;
  }

  const onvisible = () => void ask();
  document.addEventListener("visibilitychange", onvisible);
  void ask();
  return () => {
    isOver = true;
    document.removeEventListener("visibilitychange", onvisible);
    void lock?.release();
  };
}
