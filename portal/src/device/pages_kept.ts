// SPDX-License-Identifier: Apache-2.0
/* The pages kept for use without a connection: a service worker that is there only while the person wants it. */

const PREFIX = "stillmine-pages-";

/** Whether this browser can keep pages at all. */
export function canKeepPages(): boolean {
  return "serviceWorker" in navigator && "caches" in globalThis;
}

/** Whether pages are kept, whole: the worker is at work and its cache is there. */
export async function arePagesKept(): Promise<boolean> {
  if (!canKeepPages()) return false;
  const registration = await navigator.serviceWorker.getRegistration("/");
  return Boolean(registration?.active) && (await caches.keys()).some((name) => name.startsWith(PREFIX));
}

/** Keep the pages; resolves when all of them are there, rejects where the browser keeps nothing or one did not come. */
export async function keepPages(): Promise<void> {
  const registration = await navigator.serviceWorker.register("/sw.js", { scope: "/", updateViaCache: "none" });
  const worker = registration.installing ?? registration.waiting ?? registration.active;
  if (!worker || worker.state === "activated") return;
  try {
    await new Promise<void>((done, failed) => {
      worker.addEventListener("statechange", () => {
        if (worker.state === "activated") done();
        if (worker.state === "redundant") failed(new Error("the pages did not all come"));
      });
    });
  } catch (error) {
    await forgetPages();
    throw error;
  }
}

/** Forget them all, and the worker with them. */
export async function forgetPages(): Promise<void> {
  if (!canKeepPages()) return;
  for (const registration of await navigator.serviceWorker.getRegistrations()) await registration.unregister();
  for (const name of await caches.keys()) if (name.startsWith(PREFIX)) await caches.delete(name);
}
