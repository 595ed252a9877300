// The filters of the gallery (docs/gallery.py): a choice for each property of the tiles. The address keeps the choices.

"use strict";

(function () {
  const PROPERTIES = { kind: "kind of mask", meaning: "meaning", actions: "number of actions", play: "who acts" };
  const ORDER = ["up to 10", "11 to 100", "101 to 1,000", "more than 1,000", "continuous"];

  function values(tiles, property) {
    const found = [...new Set(tiles.map((tile) => tile.dataset[property]))];
    return found.sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b) || a.localeCompare(b));
  }

  function choice(property, tiles, chosen) {
    const label = document.createElement("label");
    const select = document.createElement("select");
    select.name = property;
    select.append(new Option("all", ""), ...values(tiles, property).map((value) => new Option(value, value)));
    select.value = chosen;
    if (select.selectedIndex < 0) select.value = "";
    label.append(`${PROPERTIES[property]} `, select);
    return label;
  }

  function start(place) {
    const tiles = [...document.querySelectorAll(".gallery-tile")];
    const asked = new URLSearchParams(location.search);
    const count = document.createElement("output");
    count.setAttribute("aria-live", "polite");

    function show() {
      const chosen = [...place.querySelectorAll("select")].filter((select) => select.value);
      for (const tile of tiles) tile.hidden = !chosen.every((select) => tile.dataset[select.name] === select.value);
      for (const gallery of document.querySelectorAll(".gallery")) {
        const empty = !gallery.querySelector(".gallery-tile:not([hidden])");
        gallery.hidden = empty;
        if (gallery.previousElementSibling) gallery.previousElementSibling.hidden = empty; // the family's heading
      }
      count.textContent = `${tiles.filter((tile) => !tile.hidden).length} of ${tiles.length} environments`;
      const query = new URLSearchParams(chosen.map((select) => [select.name, select.value]));
      history.replaceState(null, "", `${location.pathname}${query.size ? `?${query}` : ""}${location.hash}`);
    }

    place.append(...Object.keys(PROPERTIES).map((property) => choice(property, tiles, asked.get(property) || "")), count);
    place.addEventListener("change", show);
    show();
  }

  function startAll() {
    for (const place of document.querySelectorAll(".gallery-filters:empty")) start(place);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", startAll);
  else startAll();
})();
