/* Reference pictures: dropped at once, put in order, removed. Without this a file field does it. */
(function () {
  "use strict";

  function start(root) {
    var prefix = root.dataset.prefix, list = root.querySelector(".ss-refs"), template = root.querySelector("template");
    var zone = root.querySelector(".ss-drop-zone"), input = zone && zone.querySelector("input");
    var said = root.querySelector(".ss-said"), refused = root.querySelector(".ss-refused");
    var total = document.getElementById("id_" + prefix + "-TOTAL_FORMS");
    var token = document.querySelector("input[name=csrfmiddlewaretoken]");
    var dragged = null, unsent = []; // of every drop: the form's own field takes them along
    root.classList.add("ss-live");

    function say(text, values) {
      said.textContent = text.replace(/%\((\w+)\)s/g, function (whole, name) { return name in values ? values[name] : whole; });
    }
    function cards() { return [].slice.call(list.children); }
    function field(card, name) { return card.querySelector("[name$='-" + name + "']"); }
    function fileOf(card) { return card.querySelector(".ss-ref-file").textContent.trim(); }
    function number() {
      cards().forEach(function (card, index) {
        var position = field(card, "position");
        if (position) position.value = index;
      });
    }
    function show(card, part) {
      ["buttons", "sure", "gone"].forEach(function (name) {
        var found = card.querySelector(".ss-ref-" + name);
        if (found) found.hidden = name !== part;
      });
      card.classList.toggle("ss-ref-going", part === "gone");
    }
    function move(card, before) {
      list.insertBefore(card, before);
      number();
      say(root.dataset.moved, { file: fileOf(card), place: cards().indexOf(card) + 1, all: cards().length });
    }

    function wire(card) {
      var remove = field(card, "DELETE"), picture = card.querySelector(".ss-ref-picture");
      if (!card.querySelector(".ss-ref-buttons")) return; // only to be looked at
      show(card, remove && remove.checked ? "gone" : "buttons");
      card.addEventListener("click", function (event) {
        var button = event.target.closest("button");
        if (!button) return;
        if (button.dataset.move) {
          var all = cards(), at = all.indexOf(card), to = at + Number(button.dataset.move);
          if (to >= 0 && to < all.length) move(card, to > at ? all[to].nextSibling : all[to]);
          button.focus();
        } else if ("remove" in button.dataset) {
          show(card, "sure");
          card.querySelector("[data-sure]").focus();
        } else if ("sure" in button.dataset) {
          remove.checked = true;
          show(card, "gone");
          card.querySelector(".ss-ref-gone button").focus();
          say(root.dataset.going, { file: fileOf(card) });
        } else if ("keep" in button.dataset) {
          remove.checked = false;
          show(card, "buttons");
          card.querySelector("[data-remove]").focus();
          say(root.dataset.stays, { file: fileOf(card) });
        }
      });
      picture.draggable = true;
      picture.addEventListener("dragstart", function (event) {
        dragged = card;
        card.classList.add("ss-ref-dragged");
        event.dataTransfer.effectAllowed = "move";
        event.dataTransfer.setData("text/plain", "");
      });
      picture.addEventListener("dragend", function () {
        card.classList.remove("ss-ref-dragged");
        dragged = null;
      });
      card.addEventListener("dragover", function (event) {
        if (!dragged) return;
        event.preventDefault();
        card.classList.toggle("ss-ref-over", dragged !== card);
      });
      card.addEventListener("dragleave", function () { card.classList.remove("ss-ref-over"); });
      card.addEventListener("drop", function (event) {
        card.classList.remove("ss-ref-over");
        if (!dragged || dragged === card) return;
        event.preventDefault();
        var all = cards();
        move(dragged, all.indexOf(dragged) < all.indexOf(card) ? card.nextSibling : card);
      });
    }

    function add(file) {
      var index = Number(total.value), holder = document.createElement("div");
      holder.innerHTML = template.innerHTML.replace(/__prefix__/g, index);
      var card = holder.querySelector("li"), picture = card.querySelector("img");
      total.value = index + 1;
      card.querySelector(".ss-ref-file").textContent = file.name;
      picture.alt = file.name;
      picture.hidden = false;
      picture.src = URL.createObjectURL(file);
      ["licence", "source"].forEach(function (name) {
        field(card, name).value = document.getElementById(prefix + "-all-" + name).value;
      });
      card.classList.add("ss-ref-busy");
      list.appendChild(card);
      wire(card);
      return card;
    }
    function drop(card) { // its number stays behind as an empty form, which counts for nothing
      URL.revokeObjectURL(card.querySelector("img").src);
      card.remove();
    }

    function send(files) {
      var all = [].slice.call(files);
      if (!all.length) return;
      refused.textContent = "";
      say(root.dataset.busy, {});
      var added = all.map(add), waiting = all.map(function (file, index) {
        var body = new FormData();
        body.append("csrfmiddlewaretoken", token.value);
        body.append("dropped", file);
        return fetch(root.dataset.stage, { method: "POST", body: body, headers: { Accept: "application/json" } })
          .then(function (answer) {
            if (!answer.ok) throw new Error(answer.status);
            return answer.json();
          })
          .then(function (answer) {
            var card = added[index];
            if (answer.refused.length) {
              var line = document.createElement("li");
              line.textContent = answer.refused[0].text;
              refused.appendChild(line);
              drop(card);
              return 0;
            }
            URL.revokeObjectURL(card.querySelector("img").src);
            field(card, "staged").value = answer.kept[0].token;
            card.querySelector("img").src = answer.kept[0].url;
            card.classList.remove("ss-ref-busy");
            return 1;
          });
      });
      Promise.allSettled(waiting).then(function (ends) {
        var failed = all.filter(function (file, index) { return ends[index].status === "rejected"; });
        ends.forEach(function (end, index) { if (end.status === "rejected") drop(added[index]); });
        unsent = unsent.concat(failed);
        number();
        var left = new DataTransfer();
        unsent.forEach(function (file) { left.items.add(file); });
        input.files = left.files;
        if (failed.length) say(root.dataset.failed, {});
        else say(root.dataset.added, { number: ends.reduce(function (sum, end) { return sum + end.value; }, 0) });
      });
    }

    cards().forEach(wire);
    if (!zone) return;
    input.addEventListener("change", function () { send(input.files); });
    ["dragenter", "dragover"].forEach(function (kind) {
      root.addEventListener(kind, function (event) {
        if (![].includes.call(event.dataTransfer.types, "Files")) return;
        event.preventDefault();
        zone.classList.add("ss-drop-over");
      });
    });
    root.addEventListener("dragleave", function (event) {
      if (!root.contains(event.relatedTarget)) zone.classList.remove("ss-drop-over");
    });
    root.addEventListener("drop", function (event) {
      zone.classList.remove("ss-drop-over");
      if (!event.dataTransfer.files.length) return;
      event.preventDefault();
      send(event.dataTransfer.files);
    });
    ["licence", "source"].forEach(function (name) {
      var all = document.getElementById(prefix + "-all-" + name), before = all.value;
      all.addEventListener("change", function () { // those that were changed by hand keep their own
        cards().forEach(function (card) {
          var own = field(card, name);
          if (own && field(card, "staged").value && (!own.value || own.value === before)) own.value = all.value;
        });
        before = all.value;
      });
    });
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("[data-ss-references]").forEach(start);
  });
})();
