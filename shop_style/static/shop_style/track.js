/* Tells the shop which of its pictures were rendered, seen (half of it for a second) and clicked.
   First party, no cookie of its own, silent when anything fails. */
(function () {
  "use strict";
  var script = document.currentScript;
  var url = script.dataset.events, token = script.dataset.token;
  var SEEN_MS = 1000, FLUSH_MS = 2000, MOST = 100;
  var buffer = [], told = {}, timer = 0;

  function tell(kind, position) {
    var key = kind + position;
    if (!token || position === undefined || told[key]) return;
    told[key] = true;
    buffer.push({ kind: kind, position: Number(position) });
    if (buffer.length >= MOST) flush();
    else if (!timer) timer = setTimeout(flush, FLUSH_MS);
  }

  function flush() {
    clearTimeout(timer);
    timer = 0;
    while (buffer.length) {
      // text/plain needs no preflight, and a beacon outlives the page.
      var body = JSON.stringify({ token: token, events: buffer.splice(0, MOST) });
      try {
        if (navigator.sendBeacon && navigator.sendBeacon(url, body)) continue;
        fetch(url, { method: "POST", body: body, keepalive: true, credentials: "omit" }).catch(function () {});
      } catch (e) { /* a lost event is no reason to disturb a shopper */ }
    }
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

  pictures.forEach(function (picture) {
    var image = picture.querySelector("img");
    if (!image) return;
    image.addEventListener("error", function () { fallBack(image, picture); });
    if (image.complete && image.currentSrc && !image.naturalWidth) fallBack(image, picture);
    if (!("shopStyle" in picture.dataset)) return;
    tell("rendered", picture.dataset.shopStyle);
    if (observer) observer.observe(image);
  });

  function clicked(event) {
    var link = event.target.closest && event.target.closest("a, button, [role=link], [role=button]");
    if (!link || event.button > 1) return;
    pictures.forEach(function (picture) {
      if (!("shopStyle" in picture.dataset)) return;
      var tile = tileOf(picture);
      if (tile.contains(link)) {
        tell("click", picture.dataset.shopStyle);
        flush(); // now: the next moment this page may be gone
      }
    });
  }
  document.addEventListener("click", clicked, true);
  document.addEventListener("auxclick", clicked, true);

  document.addEventListener("visibilitychange", function () {
    if (document.hidden) {
      pending.forEach(clearTimeout);
      pending.clear();
      flush();
    } else if (observer) {
      // What is in view now has to be seen for a second of its own.
      pictures.forEach(function (picture) {
        var image = picture.querySelector("img");
        if (image && "shopStyle" in picture.dataset && !told["viewable" + picture.dataset.shopStyle]) {
          observer.unobserve(image);
          observer.observe(image);
        }
      });
    }
  });
  window.addEventListener("pagehide", flush);
})();
