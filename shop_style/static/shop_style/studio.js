/* The boards: looking by keys, decisions posted in the background, progress without a reload.
   Every form and link here works without this. */
(function () {
  "use strict";
  var AHEAD = 3, DECODED = 250, FIRST_POLL = 1000, LAST_POLL = 15000, WINDOW = 20;
  var KEYS = "shop-style-keys";

  function start() {
    var board = document.querySelector("[data-board]");
    if (!board) return;
    var words = JSON.parse(document.getElementById("ss-words").textContent);
    var viewer = board.querySelector("#ss-viewer"), list = board.querySelector("[data-tiles]");
    var shown = viewer.querySelector("[data-id]");
    var current = shown ? shown.dataset.id : "", layer = "none", scorecard = false;
    var loaded = new Map(), saves = new Map(), failed = new Map(), undoable = [], times = [];
    var saving = 0, everSaved = false;

    /* ---- what is said ---- */
    function told(text, values) {
      return text.replace(/\{(\w+)\}/g, function (all, name) { return name in values ? values[name] : all; });
    }
    function say(text) { board.querySelector("[data-live]").textContent = text; }
    function show_status(text, kind) {
      var line = board.querySelector("[data-save]");
      if (!line) return;
      line.textContent = text;
      line.dataset.kind = kind || "";
    }
    function status() {
      var lost = Array.from(failed.values()).filter(function (failure) { return !failure.saved; }).length;
      if (lost) show_status(told(words.notSaved, { number: lost }), "failed");
      else if (saving) show_status(words.saving, "saving");
      else if (everSaved) show_status(words.saved, "saved");
    }

    /* ---- tiles ---- */
    function tiles() {
      return list ? [].slice.call(list.querySelectorAll("[data-variant]")) : [];
    }
    function tile(id) { return list && list.querySelector('[data-variant="' + id + '"]'); }
    function viewable() {
      return tiles().filter(function (item) { return item.querySelector("[data-viewer]"); });
    }
    function element(html) {
      var holder = document.createElement("template");
      holder.innerHTML = html.trim();
      return holder.content.firstElementChild;
    }
    function put(id, html) {
      var old = tile(id), fresh = element(html);
      if (!fresh) return;
      if (!old) {
        list.appendChild(fresh);
        return;
      }
      var link = old.querySelector("a"), held = old.contains(document.activeElement);
      var own = fresh.querySelector("a");
      own.setAttribute("href", link.getAttribute("href") || own.getAttribute("href"));
      if (link.hasAttribute("aria-current")) own.setAttribute("aria-current", "true");
      old.replaceWith(fresh);
      if (held) own.focus();
    }
    function pick(id) {
      tiles().forEach(function (item) {
        var link = item.querySelector("a");
        if (item.dataset.variant === id) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      });
      var item = tile(id), strip = item && item.closest(".ss-strip");
      if (strip) strip.scrollLeft = item.offsetLeft - (strip.clientWidth - item.offsetWidth) / 2;
    }

    /* ---- the viewer ---- */
    function pictured(id) {
      viewer.setAttribute("aria-busy", "true");
      Promise.all([].map.call(viewer.querySelectorAll(".ss-over > img"), function (image) {
        return image.complete || new Promise(function (done) { image.onload = image.onerror = done; });
      })).then(function () {
        if (viewer.querySelector("[data-id]").dataset.id === id && current === id) viewer.removeAttribute("aria-busy");
      });
    }
    /* Nobody decides about what they have not seen: not before it is shown, nor twice. */
    function is_seen() {
      var view = viewer.querySelector("[data-id]"), item = tile(current);
      return Boolean(view && item) && view.dataset.id === current
        && !viewer.hasAttribute("aria-busy") && item.dataset.save !== "saving";
    }
    function load(id) {
      if (loaded.has(id)) return loaded.get(id);
      var link = tile(id) && tile(id).querySelector("[data-viewer]");
      if (!link) return Promise.reject(new Error(words.unloaded)); // it is rendered anew
      var job = fetch(link.dataset.viewer, { headers: { "X-Requested-With": "fetch" } }).then(function (answer) {
        if (!answer.ok || answer.redirected) throw new Error(words.unloaded);
        return answer.text();
      }).then(function (html) {
        var pictures = [].map.call(element("<div>" + html + "</div>").querySelectorAll(".ss-over > img"), function (image) {
          var own = new Image();
          own.src = image.getAttribute("src");
          return own.decode().catch(function () { return null; }); // a lost file is a gap
        });
        var late = new Promise(function (done) { setTimeout(done, DECODED); });
        return Promise.race([Promise.all(pictures), late]).then(function () { return html; });
      });
      job.catch(function () { loaded.delete(id); });
      loaded.set(id, job);
      return job;
    }
    function show(id) {
      current = id;
      pick(id);
      viewer.setAttribute("aria-busy", "true");
      return load(id).then(function (html) {
        if (current !== id) return;
        var held = viewer.contains(document.activeElement);
        viewer.innerHTML = html;
        pictured(id);
        if (held) viewer.focus({ preventScroll: true });
        settle();
        history.replaceState(null, "", tile(id).querySelector("a").getAttribute("href").split("#")[0]);
        say(tile(id).dataset.name);
      }, function () {
        if (current !== id) return;
        viewer.removeAttribute("aria-busy");
        say(words.unloaded);
        show_status(words.unloaded, "failed");
      });
    }
    function settle() {
      var radio = viewer.querySelector('[name="ss-layer"][value="' + layer + '"]');
      if (radio) radio.checked = true;
      var card = viewer.querySelector("[data-scorecard]");
      if (card) card.open = scorecard;
      viewer.dispatchEvent(new CustomEvent("shop-style:shown", { bubbles: true }));
      ahead();
    }
    function ahead() {
      var items = viewable(), at = items.indexOf(tile(current));
      for (var step = 1; step <= AHEAD; step++) if (items[at + step]) load(items[at + step].dataset.variant);
      if (at > 0) load(items[at - 1].dataset.variant);
    }
    function move(step) {
      var items = viewable(), next = items[items.indexOf(tile(current)) + step];
      if (next) show(next.dataset.variant);
    }
    function go_on() {
      var items = viewable(), at = items.indexOf(tile(current));
      var next = items.slice(at + 1).concat(items.slice(0, at)).find(function (item) {
        return item.dataset.review === "unreviewed";
      });
      if (next) { show(next.dataset.variant); return; }
      say(words.pageDone);
      if (board.dataset.board === "review") show_status(words.pageDone, "saved");
      var page = board.querySelector("[data-next-page]");
      if (page) page.focus();
    }

    /* ---- decisions ---- */
    function decide(step) {
      if (!is_seen()) return;
      var form = viewer.querySelector("[data-decide]");
      var button = form && form.querySelector('button[value="' + step + '"]');
      if (!button) { say(words.cannot); return; }
      var reason = form.elements.reason;
      if (step === "approve" && form.dataset.passed === "no" && !reason.value.trim()) {
        reason.setAttribute("aria-invalid", "true");
        reason.focus();
        show_status(words.needsReason, "failed");
        return;
      }
      var data = new FormData(form), id = current;
      data.set("step", step);
      var decision = step === "approve" || step === "reject";
      if (decision) {
        undoable.push(id);
        times.push(Date.now());
      }
      post(id, data, step);
      if (decision && board.dataset.board === "review") go_on();
    }
    function undo() {
      var id = undoable.pop();
      if (!id) { say(words.nothingToUndo); show_status(words.nothingToUndo); return; }
      var data = new FormData(board.querySelector("[data-undo]"));
      data.set("step", "undo");
      times.pop();
      current = id;
      pick(id);
      post(id, data, "undo");
    }
    function post(id, data, step) {
      var item = tile(id), was = item.dataset.review;
      if (step === "approve") item.dataset.review = "approved";
      if (step === "reject") item.dataset.review = "rejected";
      item.dataset.save = "saving";
      failed.delete(id);
      saving += 1;
      everSaved = true;
      status();
      count();
      failures();
      var before = saves.get(id) || Promise.resolve();
      var job = before.then(function () { return send(item.dataset.decide, data); }).then(function (answer) {
        saving -= 1;
        loaded.delete(id);
        if (answer.tile) put(id, answer.tile);
        else if (!answer.ok) tile(id).dataset.review = was;
        if (answer.ok) {
          say(told(words[step] || "{name}", { name: tile(id).dataset.name }));
          if (answer.left) failed.set(id, { said: answer.left, name: tile(id).dataset.name, saved: true });
        } else {
          tile(id).dataset.save = "failed";
          if (answer.asks) say(answer.said);
          failed.set(id, {
            said: answer.said, name: tile(id).dataset.name, yes: answer.asks,
            again: answer.again || answer.asks ? [data, step] : null
          });
          if (step === "approve" || step === "reject") undoable = undoable.filter(function (other) { return other !== id; });
        }
        button_of_undo();
        status();
        count();
        failures();
        if (current === id) return show(id);
      });
      saves.set(id, job);
      button_of_undo();
      return job;
    }
    function send(address, data) {
      return fetch(address, { method: "POST", body: data, headers: { Accept: "application/json" } }).then(function (answer) {
        if (answer.redirected) return { ok: false, said: words.signedOut, again: true };
        if (answer.status === 403) return { ok: false, said: words.forbidden, again: true };
        return answer.json().catch(function () { return { ok: false, said: words.unreachable, again: true }; });
      }, function () { return { ok: false, said: words.unreachable, again: true }; });
    }
    function failures() {
      var box = board.querySelector("[data-failures]");
      box.textContent = "";
      box.hidden = !failed.size;
      failed.forEach(function (failure, id) {
        var line = document.createElement("p"), name = document.createElement("strong");
        name.textContent = failure.name + ": ";
        line.append(name, failure.said + " ");
        line.append(action(words.look, function () { failed.delete(id); failures(); status(); show(id); }));
        if (failure.again) line.append(" ", action(failure.yes || words.again, function () {
          var data = failure.again[0], step = failure.again[1];
          if (failure.yes) data.set("confirmed", "1");
          // What is saved now is the last decision, and the first to be undone.
          if (step === "approve" || step === "reject") undoable.push(id);
          post(id, data, step);
        }));
        box.append(line);
      });
    }
    function action(text, run) {
      var button = document.createElement("button");
      button.type = "button";
      button.className = "button";
      button.textContent = text;
      button.addEventListener("click", run);
      return button;
    }
    function button_of_undo() {
      var button = board.querySelector("[data-undo] button");
      if (button) button.disabled = !undoable.length;
    }

    /* ---- how many, and how fast ---- */
    var line = board.querySelector("[data-count]");
    var outside = line ? Number(line.dataset.decided) - decided() : 0;
    function decided() {
      return tiles().filter(function (item) { return item.dataset.review !== "unreviewed"; }).length;
    }
    function count() {
      if (!line) return;
      var done = outside + decided(), total = Number(line.dataset.total);
      line.textContent = told(words.count, { done: done, total: total });
      board.querySelector("[data-bar]").value = done;
      var last = times.slice(-WINDOW), minutes = (last[last.length - 1] - last[0]) / 60000;
      var rate = last.length > 2 && minutes > 0 ? (last.length - 1) / minutes : 0;
      board.querySelector("[data-pace]").textContent = rate && total > done
        ? told(words.pace, { rate: Math.round(rate), minutes: Math.ceil((total - done) / rate) }) : "";
    }

    /* ---- progress ---- */
    var delay = FIRST_POLL, timer = 0, polled = new Map();
    function waiting() {
      return tiles().filter(function (item) { return item.hasAttribute("data-waits"); })
        .map(function (item) { return item.dataset.variant; });
    }
    function later() {
      clearTimeout(timer);
      if (waiting().length && !document.hidden) timer = setTimeout(poll, delay);
    }
    function poll() {
      var ids = waiting().slice(0, 200);
      if (!ids.length) return;
      fetch(board.dataset.progress + "?ids=" + ids.join(","), { headers: { Accept: "application/json" } }).then(function (answer) {
        if (!answer.ok || answer.redirected) throw new Error(words.signedOut);
        return answer.json();
      }).then(function (told_now) {
        var moved = false;
        ids.forEach(function (id) {
          var html = told_now.tiles[id], old = tile(id);
          if (!html) { old.remove(); moved = true; return; }
          if (polled.get(id) !== html) {
            moved = moved || polled.has(id);
            polled.set(id, html);
            put(id, html);
          }
        });
        delay = moved ? FIRST_POLL : Math.min(LAST_POLL, delay * 1.5);
        var place = board.querySelector("[data-rendered]");
        if (place) place.textContent = told_now.said;
        if (!current && viewable().length) show(viewable()[0].dataset.variant);
        later();
      }, function () {
        delay = Math.min(LAST_POLL, delay * 2);
        later();
      });
    }
    document.addEventListener("visibilitychange", function () { delay = FIRST_POLL; later(); });

    /* ---- asking for one more ---- */
    var request = board.querySelector("[data-request]");
    if (request) request.addEventListener("input", function (event) {
      if (event.target.name === "strength") request.elements.how.value = "chosen";
    });
    if (request) request.addEventListener("submit", function (event) {
      event.preventDefault();
      var line = request.querySelector(".ss-request-said") || request.appendChild(document.createElement("p"));
      line.className = "ss-request-said";
      line.setAttribute("role", "status");
      send(request.action, new FormData(request)).then(function (answer) {
        line.textContent = answer.said;
        line.dataset.kind = answer.ok ? "saved" : "failed";
        Object.keys(answer.tiles || {}).forEach(function (id) { put(id, answer.tiles[id]); });
        delay = FIRST_POLL;
        later();
      });
    });

    /* ---- pointer and keys ---- */
    board.addEventListener("click", function (event) {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      var link = event.target.closest("[data-viewer]"), step = event.target.closest("[data-move]");
      if (link) {
        event.preventDefault();
        show(link.closest("[data-variant]").dataset.variant).then(function () {
          if (board.dataset.board === "studio") viewer.scrollIntoView({ block: "nearest" });
        });
      } else if (step) {
        event.preventDefault();
        move(Number(step.dataset.move));
      }
    });
    board.addEventListener("submit", function (event) {
      if (event.target.matches("[data-decide]")) {
        event.preventDefault();
        var step = event.submitter ? event.submitter.value : "approve";
        if (step !== "undo") { decide(step); return; }
        if (!is_seen()) return;
        undoable = undoable.filter(function (other) { return other !== current; }).concat(current);
        undo();
      } else if (event.target.matches("[data-undo]")) {
        event.preventDefault();
        undo();
      }
    });
    board.addEventListener("change", function (event) {
      if (event.target.name === "ss-layer") layer = event.target.value;
      if (event.target.matches("[data-keys-on]")) use_keys(event.target.checked);
    });
    board.addEventListener("toggle", function (event) {
      if (event.target.matches("[data-scorecard]")) scorecard = event.target.open;
    }, true);

    function use_keys(on) {
      document.documentElement.dataset.ssKeys = on ? "on" : "off";
      board.querySelector("[data-keys-on]").checked = on;
      try { localStorage.setItem(KEYS, on ? "on" : "off"); } catch (error) { /* for this page then */ }
      say(on ? words.keysOn : words.keysOff);
    }
    function next_layer() {
      var radios = [].slice.call(viewer.querySelectorAll('[name="ss-layer"]'));
      if (!radios.length) return;
      var at = radios.findIndex(function (radio) { return radio.checked; });
      var next = radios[(at + 1) % radios.length];
      next.checked = true;
      layer = next.value;
    }
    function toggle(selector) {
      var part = board.querySelector(selector);
      if (part) part.open = !part.open;
      return part;
    }
    var actions = {
      arrowright: function () { move(1); }, j: function () { move(1); },
      arrowleft: function () { move(-1); }, k: function () { move(-1); },
      a: function () { decide("approve"); }, r: function () { decide("reject"); }, u: undo,
      s: function () { toggle("[data-scorecard]"); }, m: next_layer,
      "?": function () { var keys = toggle("[data-keys]"); if (keys.open) keys.querySelector("summary").focus(); }
    };
    document.addEventListener("keydown", function (event) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      var target = event.target, key = event.key.toLowerCase();
      if (target.matches("textarea, select, input:not([type=range]):not([type=radio]):not([type=checkbox])")) {
        if (event.key === "Escape") viewer.focus({ preventScroll: true });
        return;
      }
      if (document.documentElement.dataset.ssKeys !== "on") return;
      if (key.indexOf("arrow") === 0 && target.matches("input")) return; // sliders and radios are moved by them
      if (!(key in actions) || (event.repeat && "jk".indexOf(key) < 0 && key.indexOf("arrow") < 0)) return;
      event.preventDefault();
      actions[key]();
    });
    window.addEventListener("beforeunload", function (event) { if (saving) event.preventDefault(); });

    var keys = "on";
    try { keys = localStorage.getItem(KEYS) || "on"; } catch (error) { /* on */ }
    document.documentElement.dataset.ssKeys = keys;
    board.querySelector("[data-keys]").hidden = false;
    board.querySelector("[data-keys-on]").checked = keys === "on";
    var form = board.querySelector("[data-undo]"), last = form && /\/(\d+)\/decide\//.exec(form.getAttribute("action"));
    if (last && tile(last[1])) undoable.push(last[1]);
    button_of_undo();
    if (current) {
      pictured(current);
      pick(current);
      ahead();
    }
    later();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
