export function open() {}
export function toggle() {}
