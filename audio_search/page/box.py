"""The box that takes what to search with, and the choices beside it: HTML that box.js fills."""

from audio_search.page.asked import GREATEST_DISTANCE, MAX_LIMIT, Asked

# box.js gets what it needs of Gradio. The names of the events stand here, where Gradio looks for
# them.
BOX_JS = "window.audioSearch.box.start(element, trigger, upload, ['ask', 'judge', 'add_own']);"
OPTIONS_JS = 'window.audioSearch.options.start(element);'


def box_html(max_upload_bytes: int) -> str:
    return f"""<section class="as-box" aria-label="What to search with">
<div class="as-ask"><ul class="as-chips" aria-label="Examples"></ul>
<span class="as-judged-count as-faint"></span>
<input id="as-input" type="text" role="combobox" aria-expanded="false" aria-autocomplete="list"
aria-controls="as-suggestions" aria-label="Search for" autocomplete="off" spellcheck="false"
maxlength="500" placeholder="Words, a clip’s name or label, a path, or drop a file here">
<button type="button" class="as-icon as-clear" data-box="clear" aria-label="Start anew"
title="Start anew" hidden>×</button>
<button type="button" class="as-primary" data-box="search">Search</button>
<ul id="as-suggestions" role="listbox" aria-label="Suggestions" hidden></ul></div>
<div class="as-give"><label class="as-button">Choose a file<input id="as-file" type="file"
accept="audio/*,video/*" class="as-hidden"></label>
<button type="button" class="as-button" data-box="record" aria-expanded="false">Record a sound
</button><span class="as-tries"></span></div>
<div class="as-recorder" hidden></div>
<p class="as-note as-among" hidden><span role="status"></span>
<button type="button" class="as-button">Search all</button></p>
<p id="as-said" class="as-hidden" role="status"></p>
<div id="as-own-message"><div class="as-upload" data-max-bytes="{max_upload_bytes}"></div></div>
</section>"""


# Open where there is room beside the matches; see options.js.
OPTIONS_HTML = f"""<details class="as-options" open><summary>Which matches</summary>
<form aria-label="Which matches">
<div class="as-option"><div class="as-tags" data-tags="Only these labels"
data-hint="A label, or any tag as name: value."></div></div>
<div class="as-option as-line"><label for="as-limit">Number of results</label>
<input id="as-limit" type="number" min="1" max="{MAX_LIMIT}" step="1" value="{Asked.limit}"></div>
<div class="as-option"><div class="as-line"><label for="as-distance">Greatest distance</label>
<input id="as-distance" type="number" min="0" max="{GREATEST_DISTANCE:g}" step="0.05"
value="{GREATEST_DISTANCE:g}"></div>
<div class="as-histogram" aria-hidden="true" hidden
title="How far random pairs of sounds are from one another; lines are the matches"></div>
<input id="as-distance-slider" type="range" min="0" max="{GREATEST_DISTANCE:g}" step="0.05"
value="{GREATEST_DISTANCE:g}" tabindex="-1" aria-hidden="true">
<p class="as-faint">0 is identical, {GREATEST_DISTANCE:g} keeps every match.
<span class="as-pairs" hidden>Grey: how far random pairs of sounds are; lines: the matches.</span>
</p></div>
<div class="as-option"><label for="as-order-by">First come</label> <select id="as-order-by">
<option value="nearest">the nearest</option><option value="doubtful">the most doubtful</option>
</select><p class="as-faint">Doubtful ones teach most when they are judged. They need several
examples or judgements.</p></div>
<div class="as-option"><label class="as-check"><input id="as-alone" type="checkbox" checked>
Leave out the chosen clip itself</label></div></form></details>"""
