"use strict";
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const narrow = window.matchMedia("(max-width: 40rem)");

  function layoutOf(figure) {
    const color = getComputedStyle(document.documentElement).getPropertyValue("--text").trim();
    const layout = JSON.parse(JSON.stringify(figure.layout));
    delete layout.title;  // the page has it as a heading
    layout.font.color = color;
    layout.margin = { l: narrow.matches ? 44 : 64, r: 12, t: 16, b: 48 };
    layout.autosize = true;
    if (narrow.matches) {
      layout.dragmode = false;  // a finger scrolls the page
      layout.font.size = 11;
    }
    return layout;
  }

  function draw() {
    for (const place of document.querySelectorAll("[data-figure]")) {
      const figure = figures[place.dataset.figure];
      const options = { responsive: true, displaylogo: false, displayModeBar: false };
      Plotly.react(place, figure.data, layoutOf(figure), options);
    }
  }

  draw();
  dark.addEventListener("change", draw);
  narrow.addEventListener("change", draw);
})();
