// SPDX-License-Identifier: Apache-2.0
/*
 * Keeps the portal's own files for when there is no connection; registered only where the person switched that on.
 *
 * VERSION and FILES are put in front of this text by the build (offline/integration.mjs). Only those files are ever kept and answered from here:
 * nothing of /api/, nothing of the person, nothing of anyone else. Pages are asked for from the network first, so that nobody reads an old
 * phone number while there is a connection; parts, which carry a hash of their bytes in their names, come from here first. A new version is
 * taken whole, beside the old one, and replaces it when no page of the old one is open.
 */

/* global VERSION, FILES */
const NAME = `stillmine-pages-${VERSION}`;
const language = new URL(self.location.href).searchParams.get("language") ?? "en";
const files = Object.entries({ ...FILES.shared, ...FILES.pages[language] });
const known = new Set(files.map(([file]) => file));

/** The browser refuses a file that is not the one of this version, as while a new version is being put on the server. */
const requestOf = ([file, integrity]) => new Request(file, { cache: "no-cache", credentials: "omit", integrity });

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(files.map(requestOf))));
});

self.addEventListener("activate", (event) => {
  const isOld = (name) => name.startsWith("stillmine-pages-") && name !== NAME;
  const tidy = caches.keys().then((names) => Promise.all(names.filter(isOld).map((name) => caches.delete(name))));
  event.waitUntil(tidy.then(() => self.clients.claim()));
});

/** How long a page is waited for from a network that is there but does not answer. */
const PATIENCE_MILLISECONDS = 4_000;

const kept = (pathname) => caches.match(pathname, { cacheName: NAME });

async function page(request, pathname) {
  const silence = new Promise((_, failed) => setTimeout(failed, PATIENCE_MILLISECONDS));
  const answer = await Promise.race([fetch(request), silence]).catch(() => null);
  return answer !== null && answer.status < 500 ? answer : ((await kept(pathname)) ?? fetch(request));
}

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== self.location.origin || !known.has(pathname)) return;
  event.respondWith(
    pathname.endsWith("/")
      ? page(event.request, pathname)
      : kept(pathname).then((part) => part ?? fetch(event.request)),
  );
});
