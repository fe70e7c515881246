// The words of a page in the editor's language: those that the extension gave it, else the English ones in the code.
import * as l10n from '@vscode/l10n';

const given = typeof document === 'undefined' ? undefined : document.getElementById('page')?.dataset['l10n'];
if (given !== undefined) l10n.config({ contents: given });

export const { t } = l10n;
