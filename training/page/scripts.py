"""What the browser does with the Train tab's HTML."""

from __future__ import annotations

from retrieval.page import CLICKS

LISTEN = (
    CLICKS
    + """
element.addEventListener('click', (event) => {
  const target = event.target.closest('[data-copy]');
  if (!target) { return; }
  navigator.clipboard.writeText(target.dataset.copy).then(() => {
    const label = target.textContent;
    target.textContent = 'Copied';
    setTimeout(() => { target.textContent = label; }, 1500);
  });
});
"""
)
"""Also copies what a ``data-copy`` element holds."""

ADDRESS = (
    LISTEN
    + """
const keep = () => {
  const run = element.querySelector('[data-address]')?.dataset.address;
  const address = new URL(window.location);
  if (!run || address.searchParams.get('run') === run) { return; }
  address.searchParams.set('run', run);
  history.replaceState(history.state, '', address);
};
new MutationObserver(keep).observe(element, {childList: true, subtree: true});
keep();
"""
)
"""Keeps the chosen run in the address of the page, so that a reload shows it again."""
