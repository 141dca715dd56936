/* Tells the shop which of its pictures were rendered, seen (half of it for a second) and clicked.
   First party, no cookie of its own, silent when anything fails. */
(function () {
  "use strict";
  var script = document.currentScript;
  var url = script.dataset.events, token = script.dataset.token;
  var SEEN_MS = 1000, FLUSH_MS = 2000, MOST = 100, TRIES = 5;
  var buffer = [], told = {}, timer = 0, failures = 0;
  var waiting = script.dataset.consent === "wait";
  // A page out of a cache is the same for everybody; this look at it is one person's.
  var view = Array.from(crypto.getRandomValues(new Uint8Array(11)), function (byte) {
    return (256 + byte).toString(16).slice(1);
  }).join("");

  // The server gives those a page without a token; a cache between may not know.
  if (navigator.globalPrivacyControl || navigator.doNotTrack === "1") token = "";

  function tell(kind, position) {
    var key = kind + position;
    if (!token || position === undefined || told[key]) return;
    told[key] = true;
    buffer.push({ kind: kind, position: Number(position) });
    if (buffer.length >= MOST) flush();
    else later(FLUSH_MS);
  }

  function later(delay) {
    if (!timer && !waiting) timer = setTimeout(flush, delay);
  }

  function flush() {
    clearTimeout(timer);
    timer = 0;
    while (buffer.length && token && !waiting) send(buffer.splice(0, MOST));
  }

  function send(events) {
    // As text/plain it needs no preflight.
    var body = JSON.stringify({ token: token, view: view, events: events });
    var own = new URL(url, location.href).origin === location.origin;
    try {
      // keepalive outlives the page, as a beacon does, and says while it is there what became of it.
      if (document.hidden || !("keepalive" in Request.prototype)) {
        if (navigator.sendBeacon(url, body)) return;
      }
      fetch(url, {
        method: "POST", body: body, keepalive: true,
        mode: own ? "same-origin" : "no-cors", credentials: "same-origin"
      }).then(function (answer) {
        if (answer.status >= 500 || answer.status === 429) throw answer;
        failures = 0;
      }).catch(function () { again(events); });
    } catch (e) { again(events); }
  }

  // Sending twice is harmless: the same event counts once.
  function again(events) {
    if (++failures > TRIES) return;
    buffer = events.concat(buffer);
    later(FLUSH_MS * failures);
  }

  function fallBack(image, picture) {
    var original = picture.dataset.shopStyleOriginal;
    tell("failed", picture.dataset.shopStyle);
    if (!original) return;
    delete picture.dataset.shopStyleOriginal; // once: the original may be missing as well
    picture.querySelectorAll("source").forEach(function (source) { source.remove(); });
    image.removeAttribute("srcset");
    image.src = original;
  }

  function tileOf(picture) {
    return picture.closest("[data-shop-style-tile]") || picture.closest("a") || picture;
  }

  var pictures = document.querySelectorAll("picture[data-shop-style], picture[data-shop-style-original]");
  var pending = new Map();
  var observer = "IntersectionObserver" in window && new IntersectionObserver(function (entries) {
    entries.forEach(function (entry) {
      var position = entry.target.closest("picture").dataset.shopStyle;
      var seen = entry.isIntersecting && entry.intersectionRatio >= 0.5;
      if (seen && !document.hidden && !pending.has(entry.target)) {
        pending.set(entry.target, setTimeout(function () {
          if (document.hidden) return;
          observer.unobserve(entry.target);
          tell("viewable", position);
        }, SEEN_MS));
      } else if (!seen) {
        clearTimeout(pending.get(entry.target));
        pending.delete(entry.target);
      }
    });
  }, { threshold: [0, 0.5] });

  function start() {
    pictures.forEach(function (picture) {
      var image = picture.querySelector("img");
      if (!image) return;
      image.addEventListener("error", function () { fallBack(image, picture); });
      if (image.complete && image.currentSrc && !image.naturalWidth) fallBack(image, picture);
      if (!("shopStyle" in picture.dataset)) return;
      tell("rendered", picture.dataset.shopStyle);
      if (observer) observer.observe(image);
    });
  }

  function clicked(event) {
    var link = event.target.closest && event.target.closest("a, button, [role=link], [role=button]");
    if (!link || event.button > 1) return;
    pictures.forEach(function (picture) {
      if (!("shopStyle" in picture.dataset)) return;
      if (tileOf(picture).contains(link)) tell("click", picture.dataset.shopStyle);
    });
    flush(); // now: the next moment this page may be gone
  }

  function left() {
    pending.forEach(clearTimeout);
    pending.clear();
    flush();
  }

  function back() {
    failures = 0;
    if (buffer.length) later(FLUSH_MS);
    // What is in view now has to be seen for a second of its own.
    if (observer) pictures.forEach(function (picture) {
      var image = picture.querySelector("img"), position = picture.dataset.shopStyle;
      if (image && position !== undefined && !told["viewable" + position]) {
        observer.unobserve(image);
        observer.observe(image);
      }
    });
  }

  // A page fetched ahead of a click that may never come was not rendered for anybody.
  if (document.prerendering) document.addEventListener("prerenderingchange", start, { once: true });
  else start();
  document.addEventListener("click", clicked, true);
  document.addEventListener("auxclick", clicked, true);
  document.addEventListener("visibilitychange", function () { (document.hidden ? left : back)(); });
  window.addEventListener("pagehide", left);
  window.addEventListener("pageshow", function (event) { if (event.persisted) back(); });
  window.addEventListener("online", function () { failures = 0; flush(); });
  // The shop's consent banner: dispatchEvent(new CustomEvent("shop-style-consent", {detail: true})).
  document.addEventListener("shop-style-consent", function (event) {
    waiting = false;
    if (!event.detail) { token = ""; buffer = []; }
    flush();
  });
})();
