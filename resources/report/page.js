"use strict";
// A slider through the samples, over the newest ones. Without it the pictures stand in a row all the same.
{
  const large = document.querySelector("#newest");
  const small = [...document.querySelectorAll("#film figure")];
  if (large && small.length) {
    const picture = large.querySelector("img");
    const caption = large.querySelector("figcaption");
    const looks = [...small, large].map((figure) => {
      const { src, alt } = figure.querySelector("img");
      return { src, alt, words: figure.querySelector("figcaption").textContent };
    });
    const slider = document.createElement("input");
    Object.assign(slider, { type: "range", min: 0, max: looks.length - 1, value: looks.length - 1 });
    slider.setAttribute("aria-label", "Samples of an earlier step");
    const show = () => {
      const look = looks[slider.value];
      Object.assign(picture, { src: look.src, alt: look.alt });
      caption.textContent = look.words;
      slider.setAttribute("aria-valuetext", look.words);
    };
    slider.addEventListener("input", show);
    caption.after(slider);
    small.forEach((figure, place) => {
      figure.addEventListener("click", () => {
        slider.value = place;
        show();
      });
    });
  }
}
// A click on a picture of a gallery saves it. Its address is lent when it is needed: twice in the page, it would be
// twice as large.
for (const link of document.querySelectorAll(".tiles a")) {
  const lend = () => {
    link.href = link.firstElementChild.src;
  };
  link.tabIndex = 0;
  link.addEventListener("pointerenter", lend, { once: true });
  link.addEventListener("focus", lend, { once: true });
}
