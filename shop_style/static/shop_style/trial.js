/* Limits tried on past variants while they are written. Without this the table follows a save. */
(function () {
  "use strict";
  var PAUSE = 400, NAMES = ["engine", "mode", "thresholds", "region", "keep_white", "colour_lock"];

  function start(root) {
    var thresholds = document.getElementById("id_thresholds"), form = root.closest("form"), timer = null, asked = 0;
    if (!thresholds || !form) return;

    function wire() {
      root.querySelectorAll("[data-ss-limit]").forEach(function (input) {
        input.hidden = false;
        input.parentNode.querySelector(".ss-plain").hidden = true;
      });
    }

    function write(input) { // an empty field is a limit that is not checked
      var limits;
      try {
        limits = JSON.parse(thresholds.value || "{}");
      } catch (error) {
        return; // somebody is still writing there; the answer says so
      }
      limits[input.dataset.ssLimit] = input.value === "" ? null : Number(input.value);
      thresholds.value = JSON.stringify(limits, null, 2);
    }

    function wrong(errors) {
      var list = root.querySelector(".ss-wrong");
      if (!list) return;
      list.textContent = "";
      [].concat.apply([], Object.values(errors)).forEach(function (text) {
        var line = document.createElement("li");
        line.textContent = root.dataset.wrong + " " + text;
        list.appendChild(line);
      });
    }

    function replace(html) {
      var active = document.activeElement, name = root.contains(active) && active.dataset.ssLimit, typed = name && active.value;
      root.innerHTML = html;
      wire();
      var again = name && root.querySelector('[data-ss-limit="' + name + '"]');
      if (!again) return;
      again.value = typed; // what is being typed is not taken out from under the hands
      again.focus();
    }

    function ask() {
      clearTimeout(timer);
      timer = setTimeout(function () {
        var body = new FormData(), whole = new FormData(form), turn = asked += 1;
        body.append("csrfmiddlewaretoken", whole.get("csrfmiddlewaretoken"));
        NAMES.forEach(function (name) { if (whole.has(name)) body.append(name, whole.get(name)); });
        root.setAttribute("aria-busy", "true");
        fetch(root.dataset.ssTrial, { method: "POST", body: body, headers: { Accept: "application/json" } })
          .then(function (answer) {
            if (!answer.ok && answer.status !== 400) throw new Error(answer.status);
            return answer.json();
          })
          .then(function (answer) {
            root.removeAttribute("aria-busy");
            if (turn !== asked) return; // a later question is on its way
            if (answer.errors) wrong(answer.errors);
            else replace(answer.html);
          })
          .catch(function () {
            root.removeAttribute("aria-busy");
            wrong({ "": [root.dataset.failed] });
          });
      }, PAUSE);
    }

    root.addEventListener("input", function (event) {
      if (!event.target.dataset.ssLimit) return;
      write(event.target);
      ask();
    });
    form.addEventListener("input", function (event) { if (NAMES.indexOf(event.target.name) >= 0) ask(); });
    form.addEventListener("change", function (event) { if (NAMES.indexOf(event.target.name) >= 0) ask(); });
    wire();
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("[data-ss-trial]").forEach(start);
  });
})();
