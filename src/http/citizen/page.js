"use strict";
(function () {
  var main = document.querySelector("main");
  var at = main.dataset.at;
  var stage = document.getElementById("stage");
  var near = document.getElementById("near");
  var share = document.getElementById("share");
  var told = document.getElementById("share-told");
  var shown = main.dataset.stage;

  function show(seen) {
    // Another stage is another page, unless something is being written on this one.
    var writing = Array.prototype.some.call(document.querySelectorAll("textarea"), function (t) { return t.value; });
    if (seen.stage !== shown && !writing) { location.reload(); return; }
    var done = true;
    document.querySelectorAll("ol li").forEach(function (step) {
      step.className = done ? "done" : "";
      if (step.dataset.stage === seen.stage) { done = false; stage.textContent = step.textContent; }
    });
    near.hidden = !seen.unit_near;
    if (seen.unit_near) { near.href = "geo:" + seen.unit_near.lat + "," + seen.unit_near.lng; }
  }

  function ask() {
    if (document.hidden) { return; }
    fetch(at + "/state", { cache: "no-store" }).then(function (answer) {
      if (answer.status === 410 || answer.status === 404) { location.reload(); }
      return answer.ok ? answer.json() : null;
    }).then(function (seen) { if (seen) { show(seen); } }).catch(function () { /* No network: the next time. */ });
  }

  if (shown !== "closed") { setInterval(ask, 10000); document.addEventListener("visibilitychange", ask); }

  if (share && navigator.geolocation) {
    share.hidden = false;
    share.addEventListener("click", function () {
      share.disabled = true;
      told.textContent = told.dataset.looking;
      navigator.geolocation.getCurrentPosition(function (found) {
        var c = found.coords;
        fetch(at + "/location", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ lat: c.latitude, lng: c.longitude, accuracy_m: Math.max(c.accuracy, 1) })
        }).then(function (answer) {
          told.textContent = answer.ok ? told.dataset.thanks : told.dataset.failed;
          share.disabled = false;
        }).catch(function () { told.textContent = told.dataset.failed; share.disabled = false; });
      }, function () {
        told.textContent = told.dataset.failed;
        share.disabled = false;
      }, { enableHighAccuracy: true, timeout: 30000, maximumAge: 0 });
    });
  }
})();
