// Starts debugpy's own adapter for sessions of type `debugpy`; everything else is between VS Code and debugpy.
const vscode = require('vscode');

/** The Python that has debugpy: the one that Foreload's set-up names, else the one on PATH. */
function adapterPython() {
  return process.env.FORELOAD_PYTHON || 'python3';
}

function activate(context) {
  context.subscriptions.push(
    vscode.debug.registerDebugAdapterDescriptorFactory('debugpy', {
      createDebugAdapterDescriptor: () => new vscode.DebugAdapterExecutable(adapterPython(), ['-m', 'debugpy.adapter']),
    }),
    vscode.debug.registerDebugConfigurationProvider('debugpy', {
      resolveDebugConfiguration(folder, configuration) {
        if (!configuration.type && vscode.window.activeTextEditor?.document.languageId === 'python') {
          configuration = { name: 'Python File', type: 'debugpy', request: 'launch', program: '${file}' };
        }
        return {
          console: 'internalConsole',
          cwd: folder?.uri.fsPath,
          python: [adapterPython()],
          ...configuration,
        };
      },
    }),
  );
}

module.exports = { activate };
