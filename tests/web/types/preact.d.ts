export const Fragment: any;
export function h(...parts: any[]): any;
export function render(element: any, parent: Element): void;
