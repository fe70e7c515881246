// Colours for the canvas: the roles of the sheet, resolved to values that a canvas takes, again after each change of theme.

const probe = document.createElement('i');
probe.hidden = true;
const resolved = new Map<string, string>();

/** The colour of a role, at an opacity of 0 to 1. */
export function colour(role: string, alpha = 1): string {
  const key = `${role}/${alpha}`;
  let value = resolved.get(key);
  if (value === undefined) {
    if (!probe.isConnected) document.body.append(probe);
    probe.style.setProperty('color', alpha === 1 ? `var(${role})` : `color-mix(in srgb, var(${role}) ${alpha * 100}%, transparent)`);
    value = getComputedStyle(probe).color;
    resolved.set(key, value);
  }
  return value;
}

export function isHighContrast(): boolean {
  return document.body.classList.contains('vscode-high-contrast') || document.body.classList.contains('vscode-high-contrast-light');
}

export function font(pixels: number): string {
  return `${pixels}px ${getComputedStyle(document.body).fontFamily}`;
}

/** Calls back after the theme has changed. */
export function onThemeChange(changed: () => void): void {
  const observer = new MutationObserver(() => {
    resolved.clear();
    changed();
  });
  for (const node of [document.documentElement, document.body])
    observer.observe(node, { attributes: true, attributeFilter: ['class', 'style'] });
}
