// What a person may say to a decision, in the order of the buttons.

export const ACTIONS: readonly (readonly [name: string, text: string])[] = [
  ['undo', 'Undo'],
  ['decline', 'Not this time'],
  ['pin', 'Pin'],
  ['unpin', 'Unpin'],
];
