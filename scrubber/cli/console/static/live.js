export function startLive() {}
export function stopLive() {}
