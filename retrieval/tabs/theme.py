"""The look of the page, as gradio takes it."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from retrieval import page

_FOLDER = Path(page.__file__).parent
_TEXT = ("ui-sans-serif", "system-ui", "sans-serif")
_CODE = ("ui-monospace", "SFMono-Regular", "Menlo", "monospace")


def theme() -> gr.themes.Base:
    """Gradio's plainest theme with system fonts: nothing is fetched from elsewhere."""
    return gr.themes.Base(
        font=[gr.themes.Font(name) for name in _TEXT],
        font_mono=[gr.themes.Font(name) for name in _CODE],
    )


def head() -> str:
    """The style sheets, what is common to all tabs first, and the script, for the head of the page.

    Given as ``css``, gradio would write a second copy of each rule with a longer selector.
    """
    sheets = sorted(_FOLDER.glob("*.css"), key=lambda path: (path.name != "theme.css", path.name))
    style = "\n".join(path.read_text(encoding="utf-8") for path in sheets)
    script = (_FOLDER / "page.js").read_text(encoding="utf-8")
    return f"<style>{style}</style><script>{script}</script>"
