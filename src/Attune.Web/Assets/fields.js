// A form as a list of [name, value], and back.

export const collect = form => [...new FormData(form)].filter(([, value]) => typeof value === 'string').map(([name, value]) => [name,
  value]);

/** Those that say something about the task: not ids, times and tokens. */
export const answers = form => collect(form).filter(([name]) => form.elements[name]?.dataset?.system === undefined);

/** Sets every field of the list; fields that it does not name are left as they are, unless `clear`. */
export function fill(form, fields, clear = false) {
  const byName = new Map();
  for (const [name, value] of fields) byName.set(name, [...(byName.get(name) ?? []), value]);
  let changed = false;
  for (const element of form.elements) {
    if (!element.name || element.dataset.system !== undefined || element.type === 'file') continue;
    if (!byName.has(element.name) && !clear) continue;
    const values = byName.get(element.name) ?? [];
    if (element.type === 'radio' || element.type === 'checkbox') {
      const on = values.includes(element.value);
      changed ||= element.checked !== on;
      element.checked = on;
    } else if (element.type !== 'submit' && element.type !== 'button') {
      const value = values[0] ?? '';
      changed ||= element.value !== value;
      if (element.value !== value) element.value = value;
    }
  }
  if (changed) form.dispatchEvent(new CustomEvent('filled'));
  return changed;
}
