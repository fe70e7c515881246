// Icon and colour class of each outcome of a decision.

export const OUTCOMES: Record<string, [iconName: string, kind: string]> = {
  planned: ['circle-large', 'plan'],
  applied: ['check', 'plan'],
  right: ['pass-filled', 'right'],
  notNeeded: ['circle-slash', 'wrong'],
  tooLittle: ['warning', 'wrong'],
  heldBack: ['debug-pause', ''],
  undone: ['discard', ''],
  refused: ['error', 'wrong'],
  failed: ['error', 'wrong'],
  shadow: ['eye', ''],
};
