/* Jobs on a style: asked for, watched and stopped without a reload. Without this the form does it. */
(function () {
  "use strict";
  var EVERY = 1000, LOST = 5000;

  function start(root) {
    var list = root.querySelector(".ss-job-list"), status = root.querySelector(".ss-said"), timer = null, spoken = {};
    var boxes = [].slice.call(root.querySelectorAll("input[name=photo]")), chosen = root.querySelector("[data-ss-chosen]");

    function filled(text, values) {
      return text.replace(/%\((\w+)\)s/g, function (whole, name) { return name in values ? values[name] : whole; });
    }
    function cardOf(kind) { return list.querySelector('[data-kind="' + kind + '"]'); }

    function show(jobs) {
      jobs.forEach(function (job) {
        var card = cardOf(job.kind);
        if (!card || card.dataset.key !== job.key) {
          var holder = document.createElement("div");
          holder.innerHTML = job.html;
          var made = holder.firstElementChild;
          if (card) card.replaceWith(made);
          if (!card || job.active) list.prepend(made); // what was asked for last stands first
        } else if (job.active) {
          var bar = card.querySelector("progress");
          if (bar.hasAttribute("value")) bar.value = job.percent;
          card.querySelector("[data-ss-said]").textContent = job.said;
        }
        // Read out when it begins and ends, and at each quarter: not every second.
        var state = job.key + (job.active ? Math.floor(job.percent / 25) : "");
        if (job.kind in spoken && spoken[job.kind] !== state) status.textContent = job.said;
        spoken[job.kind] = state;
      });
      if (list.querySelector("[data-active]")) watch(EVERY);
    }

    function watch(after) {
      clearTimeout(timer);
      timer = setTimeout(function () {
        if (document.hidden) return watch(EVERY);
        fetch(root.dataset.ssJobs, { headers: { Accept: "application/json" } })
          .then(function (answer) {
            if (!answer.ok) throw new Error(answer.status);
            return answer.json();
          })
          .then(function (answer) { show(answer.jobs); })
          .catch(function () {
            status.textContent = root.dataset.lost;
            watch(LOST);
          });
      }, after);
    }

    root.addEventListener("submit", function (event) {
      var button = event.submitter;
      if (!button || !window.fetch) return;
      event.preventDefault();
      button.disabled = true;
      fetch(button.formAction, { method: "POST", body: new FormData(event.target), headers: { Accept: "application/json" } })
        .then(function (answer) {
          if (!answer.ok) throw new Error(answer.status);
          return answer.json();
        })
        .then(function (answer) {
          button.disabled = false;
          show(answer.jobs);
          var words = document.createElement("template"); // its text alone: the page has the link
          words.innerHTML = answer.text;
          var link = words.content.querySelector("a");
          if (link) link.remove();
          status.textContent = words.content.textContent.trim();
          status.classList.toggle("ss-error", !answer.done);
        })
        .catch(function () {
          button.disabled = false;
          status.textContent = root.dataset.lost;
        });
    });

    root.addEventListener("click", function (event) {
      var link = event.target.closest("[data-ss-take]");
      if (!link) return;
      var region = document.getElementById("id_region"), strength = document.getElementById("id_strength");
      if (!region || !strength) return;
      event.preventDefault();
      region.value = link.dataset.region;
      strength.value = link.dataset.strength;
      [region, strength].forEach(function (field) { field.dispatchEvent(new Event("change", { bubbles: true })); });
      root.querySelectorAll("[data-ss-take][aria-current]").forEach(function (other) { other.removeAttribute("aria-current"); });
      link.setAttribute("aria-current", "true");
      status.textContent = filled(root.dataset.taken, { region: link.dataset.label, strength: link.dataset.strength });
    });

    function count() {
      var ticked = boxes.filter(function (box) { return box.checked; }).length, most = Number(root.dataset.most);
      boxes.forEach(function (box) { box.disabled = !box.checked && ticked >= most; });
      chosen.textContent = filled(ticked >= most ? root.dataset.full : root.dataset.chosen, { number: ticked, most: most });
    }
    if (boxes.length && chosen) {
      boxes.forEach(function (box) { box.addEventListener("change", count); });
      count();
    }
    if (list.querySelector("[data-active]")) watch(EVERY);
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("[data-ss-jobs]").forEach(start);
  });
})();
