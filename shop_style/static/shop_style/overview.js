/* Keeps the overview's queue up to date while somebody looks at it; without this it is as loaded. */
(function () {
  "use strict";
  var BUSY = 5000, QUIET = 30000, SPOKEN = 20000;

  function start(section) {
    var said = section.querySelector("[data-said]");
    var box = toggle(section), lost = null;
    var busy = Boolean(section.dataset.busy), spokenAt = 0, failures = 0, timer = 0, waiting = "";

    function wanted() { return box.checked && !document.hidden; }

    function plan() {
      window.clearTimeout(timer);
      if (wanted()) timer = window.setTimeout(ask, failures ? QUIET : busy ? BUSY : QUIET);
    }

    function ask() {
      fetch(section.dataset.poll, { credentials: "same-origin", headers: { Accept: "application/json" } })
        .then(function (response) {
          if (!response.ok || response.redirected) throw new Error(String(response.status));
          return response.json();
        })
        .then(function (body) { failures = 0; busy = body.busy; show(body); tell(false); })
        .catch(function () { failures += 1; tell(true); })
        .then(plan);
    }

    function show(body) {
      Object.keys(body.parts).forEach(function (name) {
        var part = section.querySelector('[data-part="' + name + '"]');
        var html = body.parts[name];
        // What somebody stands on is not drawn away from under them; it comes with a later answer.
        if (!part || part.lastHtml === html || part.contains(document.activeElement)) return;
        var open = [].map.call(part.querySelectorAll("details"), function (item) { return item.open; });
        part.innerHTML = html;
        part.lastHtml = html;
        part.querySelectorAll("details").forEach(function (item, index) { item.open = Boolean(open[index]); });
      });
      waiting = body.said;
      speak();
    }

    function speak() {
      if (!waiting || waiting === said.textContent.trim() || Date.now() - spokenAt < SPOKEN) return;
      said.textContent = waiting;
      spokenAt = Date.now();
    }

    function tell(isLost) {
      if (isLost && !lost) {
        lost = document.createElement("p");
        lost.className = "ss-lost";
        lost.setAttribute("role", "alert");
        lost.textContent = section.dataset.lost;
        section.querySelector(".ss-card-head").appendChild(lost);
      } else if (!isLost && lost) {
        lost.remove();
        lost = null;
      }
    }

    function wake() { if (wanted()) { window.clearTimeout(timer); ask(); } else window.clearTimeout(timer); }

    document.addEventListener("visibilitychange", wake);
    box.addEventListener("change", wake);
    plan();
  }

  function toggle(section) {
    var label = document.createElement("label"), box = document.createElement("input");
    box.type = "checkbox";
    box.checked = true;
    label.appendChild(box);
    label.appendChild(document.createTextNode(section.dataset.label));
    section.querySelector(".ss-poll").appendChild(label);
    return box;
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("[data-poll]").forEach(start);
  });
})();
