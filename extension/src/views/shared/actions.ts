// What a person may say to a decision, in the order of the buttons.
import * as l10n from './l10n';

export const ACTIONS: readonly (readonly [name: string, text: string])[] = [
  ['undo', l10n.t('Undo')],
  ['decline', l10n.t('Not this time')],
  ['pin', l10n.t('Pin')],
  ['unpin', l10n.t('Unpin')],
];
