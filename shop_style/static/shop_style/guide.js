/* Places dragged over a picture become numbers in the field below; without this they are typed. */
(function () {
  "use strict";
  var SVG = "http://www.w3.org/2000/svg", LEAST = 0.005, STEP = 0.01;

  function start(svg) {
    var field = document.getElementById(svg.dataset.boxes);
    if (!field) return;
    var boxes = [];

    function read() {
      try {
        var found = JSON.parse(field.value || "[]");
        boxes = found.filter(function (box) { return box.length === 4; });
        field.classList.remove("ss-unread");
      } catch (error) { // somebody is still writing
        field.classList.add("ss-unread");
        return;
      }
      draw();
    }

    function write() {
      field.value = "[" + boxes.map(function (box) {
        return "[" + box.map(function (edge) { return Number(edge.toFixed(4)); }).join(", ") + "]";
      }).join(",\n ") + "]";
      draw();
    }

    function draw() {
      svg.querySelectorAll("rect").forEach(function (rect, index) { if (index >= boxes.length) rect.remove(); });
      boxes.forEach(function (box, index) {
        var rect = svg.querySelectorAll("rect")[index];
        if (!rect) {
          rect = svg.appendChild(document.createElementNS(SVG, "rect"));
          rect.setAttribute("class", "ss-place");
        }
        rect.setAttribute("tabindex", "0");
        rect.setAttribute("role", "application");
        rect.setAttribute("aria-label", svg.dataset.label + " " + (index + 1));
        [["x", box[0]], ["y", box[1]], ["width", box[2] - box[0]], ["height", box[3] - box[1]]]
          .forEach(function (pair) { rect.setAttribute(pair[0], 100 * pair[1] + "%"); });
      });
    }

    function indexOf(rect) { return [].indexOf.call(svg.querySelectorAll("rect"), rect); }
    function inside(share) { return Math.min(1, Math.max(0, share)); }
    function at(event) {
      var frame = svg.getBoundingClientRect();
      return [inside((event.clientX - frame.left) / frame.width), inside((event.clientY - frame.top) / frame.height)];
    }
    function moved(box, x, y) {
      x = Math.min(1 - box[2], Math.max(-box[0], x));
      y = Math.min(1 - box[3], Math.max(-box[1], y));
      return [box[0] + x, box[1] + y, box[2] + x, box[3] + y];
    }
    function between(a, b) {
      return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[0], b[0]), Math.max(a[1], b[1])];
    }

    svg.addEventListener("pointerdown", function (event) {
      if (event.button) return;
      var from = at(event), index = indexOf(event.target);
      var own = index < 0 ? null : boxes[index];
      if (index < 0) index = boxes.length;
      else event.target.focus();
      event.preventDefault();
      svg.setPointerCapture(event.pointerId);
      svg.onpointermove = function (step) {
        var to = at(step);
        boxes[index] = own ? moved(own, to[0] - from[0], to[1] - from[1]) : between(from, to);
        draw();
      };
      svg.onpointerup = svg.onpointercancel = function () {
        svg.onpointermove = svg.onpointerup = svg.onpointercancel = null;
        var box = boxes[index];
        if (!box) return;
        if (box[2] - box[0] < LEAST || box[3] - box[1] < LEAST) boxes.splice(index, 1);
        write();
      };
    });

    svg.addEventListener("keydown", function (event) {
      var index = indexOf(event.target), box = boxes[index];
      if (!box) return;
      var way = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
      if (event.key === "Delete" || event.key === "Backspace") boxes.splice(index, 1);
      else if (!way) return;
      else if (!event.shiftKey) boxes[index] = moved(box, way[0], way[1]);
      else boxes[index] = [box[0], box[1], inside(Math.max(box[0] + STEP, box[2] + way[0])), inside(Math.max(box[1] + STEP, box[3] + way[1]))];
      event.preventDefault();
      write();
    });

    field.addEventListener("input", read);
    read();
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("svg[data-boxes]").forEach(start);
  });
})();
