// Places of entries, `{spaceId, names}`, and what may go where. Items are entries with
// their places, `{entry, place}`, so that they are known when their view is left.

export function isSame(one, other) {
  return one.spaceId === other.spaceId && one.names.join("/") === other.names.join("/");
}

/** Whether a place is one of the items, or below one: nothing goes into itself. */
export function isWithin(items, { spaceId, names }) {
  return items.some(({ place }) =>
    isSame(place, { spaceId, names: names.slice(0, place.names.length) }));
}

/** Whether all items are in this folder already. */
export function areIn(items, folder) {
  return items.every(({ place }) => isSame({ ...place, names: place.names.slice(0, -1) }, folder));
}
