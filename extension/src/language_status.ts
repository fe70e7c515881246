// Says in the language status how many heavy functions the open file has.
import * as vscode from 'vscode';
import { LANGUAGES, type Daemon } from './client';
import { ANALYSIS_STATE, type AnalysisState } from './protocol';

const SELECTOR: vscode.DocumentSelector = LANGUAGES.map((language) => ({ language }));

export function showLanguageStatus(daemon: Daemon): vscode.Disposable {
  const item = vscode.languages.createLanguageStatusItem('foreload.analysis', SELECTOR);
  const texts = new Map<string, string>();
  item.name = 'Foreload';
  item.command = { command: 'foreload.toggleLenses', title: vscode.l10n.t('Turn lenses on or off') };
  const paint = (): void => {
    const uri = vscode.window.activeTextEditor?.document.uri.toString() ?? '';
    item.busy = daemon.phase.kind === 'starting';
    item.severity = daemon.phase.kind === 'stopped' ? vscode.LanguageStatusSeverity.Warning : vscode.LanguageStatusSeverity.Information;
    item.text = daemon.phase.kind === 'running' ? (texts.get(uri) ?? vscode.l10n.t('Foreload: not analysed')) : daemon.phase.detail;
  };
  daemon.on<AnalysisState>(ANALYSIS_STATE, (state) => {
    texts.set(vscode.Uri.parse(state.uri).toString(), state.text);
    paint();
  });
  paint();
  return vscode.Disposable.from(
    item,
    daemon.onPhase(paint),
    vscode.window.onDidChangeActiveTextEditor(paint),
    vscode.workspace.onDidCloseTextDocument((document) => texts.delete(document.uri.toString())),
  );
}
