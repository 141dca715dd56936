/* A variant over its original: a slider, and the original while a key or a button is held. */
(function () {
  "use strict";
  var KEPT = "shop-style-compare", WAYS = ["beside", "slider", "over"];
  var narrow = window.matchMedia("(max-width: 700px)");

  function kept() {
    try { return localStorage.getItem(KEPT); } catch (error) { return null; } // storage may be shut
  }
  function keep(way) {
    try { localStorage.setItem(KEPT, way); } catch (error) { /* it is a convenience */ }
  }
  function choose(evidence, way) {
    evidence.dataset.way = way;
    var radio = evidence.querySelector('[name="ss-way"][value="' + way + '"]');
    if (radio) radio.checked = true;
    var range = evidence.querySelector("[data-cut]");
    if (range) range.hidden = way !== "slider";
  }
  function cut(range) {
    range.parentNode.style.setProperty("--ss-cut", range.value + "%");
    range.setAttribute("aria-valuetext", range.dataset.says.replace("{share}", range.value));
  }
  function hold(evidence, held) {
    if (!evidence.querySelector(".ss-under")) return;
    evidence.toggleAttribute("data-held", held);
    var button = evidence.querySelector("[data-hold]");
    if (button) button.setAttribute("aria-pressed", String(held));
  }
  function all() { return document.querySelectorAll(".ss-evidence"); }
  function release() { all().forEach(function (evidence) { hold(evidence, false); }); }

  function start(root) {
    root.querySelectorAll(".ss-evidence").forEach(function (evidence) {
      var ways = evidence.querySelector("[data-ways]");
      if (!ways) return;
      ways.hidden = false;
      var way = kept();
      choose(evidence, WAYS.indexOf(way) < 0 ? (narrow.matches ? "slider" : "beside") : way);
      cut(evidence.querySelector("[data-cut]"));
    });
  }

  function isWriting(target) {
    return target.matches("textarea, select, input:not([type=range]):not([type=radio]):not([type=checkbox])");
  }
  /* On a board O works anywhere, for the page has a switch for its keys; elsewhere only inside. */
  function reached(target) {
    if (document.documentElement.dataset.ssKeys === "on") return all();
    var own = target.closest(".ss-evidence");
    return own ? [own] : [];
  }

  document.addEventListener("change", function (event) {
    if (event.target.name !== "ss-way") return;
    choose(event.target.closest(".ss-evidence"), event.target.value);
    keep(event.target.value);
  });
  document.addEventListener("input", function (event) {
    if (event.target.matches("[data-cut]")) cut(event.target);
  });
  document.addEventListener("pointerdown", function (event) {
    var button = event.target.closest("[data-hold]");
    if (!button || event.button) return;
    button.setPointerCapture(event.pointerId);
    hold(button.closest(".ss-evidence"), true);
  });
  ["pointerup", "pointercancel"].forEach(function (name) { document.addEventListener(name, release); });
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    var button = event.target.closest("[data-hold]");
    if (button && (event.key === " " || event.key === "Enter")) {
      event.preventDefault();
      hold(button.closest(".ss-evidence"), true);
    } else if (event.key.toLowerCase() === "o" && !isWriting(event.target)) {
      reached(event.target).forEach(function (evidence) { hold(evidence, true); });
    } else if (event.key.toLowerCase() === "c" && !isWriting(event.target) && !event.repeat) {
      reached(event.target).forEach(function (evidence) {
        var way = WAYS[(WAYS.indexOf(evidence.dataset.way) + 1) % WAYS.length];
        choose(evidence, way);
        keep(way);
      });
    }
  });
  document.addEventListener("keyup", release);
  window.addEventListener("blur", release);
  document.addEventListener("shop-style:shown", function (event) { start(event.target); });
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", function () { start(document); });
  else start(document);
})();
