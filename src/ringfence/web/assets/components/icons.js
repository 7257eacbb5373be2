// Icons of buttons; the name is in the button's label.

import { html } from "../html.js";

/** @param {{path: string}} properties */
const Icon = ({ path }) => html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d=${path} /></svg>`;

export const Bars = () => html`<${Icon} path="M2 4h12M2 8h12M2 12h12" />`;
export const Copy = () => html`<${Icon} path="M5.5 5.5h7v8h-7zM3.5 10.5v-8h7" />`;
export const Cross = () => html`<${Icon} path="M4 4l8 8M12 4l-8 8" />`;
export const Magnifier = () => html`<${Icon} path="M11 7a4 4 0 1 1-8 0a4 4 0 0 1 8 0zM10 10l3.5 3.5" />`;
export const Undo = () => html`<${Icon} path="M6.5 3l-3.5 3.5 3.5 3.5M3 6.5h6.5a3.5 3.5 0 0 1 0 7h-3" />`;
export const Redo = () => html`<${Icon} path="M9.5 3l3.5 3.5-3.5 3.5M13 6.5h-6.5a3.5 3.5 0 0 0 0 7h3" />`;
