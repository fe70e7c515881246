// Builds the extension into dist/: extension.js, and for each page one script and one sheet in dist/webview/.
// node extension/build.mjs [--production] [--watch] [--tests]
import * as esbuild from 'esbuild';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.dirname(here);
const dist = path.join(root, 'dist');
const source = path.join(here, 'src');
const production = process.argv.includes('--production');
const BUNDLE_LIMIT_BYTES = 600_000;
const PAGES = ['dashboard', 'permission', 'ledger', 'decision', 'doctor', 'profile', 'trends'];

/** The language client compares the editor's version with its own need; engines.vscode in package.json already holds a later one. */
const withoutVersionCheck = {
  name: 'without-version-check',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^semver\/functions\/(parse|satisfies)$/ }, ({ path: name }) => ({ path: name, namespace: 'held-by-manifest' }));
    onLoad({ filter: /.*/, namespace: 'held-by-manifest' }, () => ({ contents: 'module.exports = () => ({})' }));
  },
};

/** Parts of the language client for what our daemon does not offer; a daemon that begins to has to take its line out here. */
const NOT_OFFERED =
  /^\.\/(notebook|diagnostic|fileOperations|semanticTokens|callHierarchy|typeHierarchy|rename|formatting|completion|definition|signatureHelp|documentHighlight|documentSymbol|workspaceSymbol|reference|typeDefinition|implementation|colorProvider|documentLink|foldingRange|declaration|selectionRange|linkedEditingRange|inlineValue|inlineCompletion|textDocumentContent)$/;
const INERT = `class NotOffered {
  fillClientCapabilities() {}
  initialize() {}
  clear() {}
  getState() { return { kind: 'static' }; }
}
module.exports = new Proxy({}, { get: (_, name) => (name === '__esModule' ? true : NotOffered) });`;

const withoutUnusedFeatures = {
  name: 'without-unused-features',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: NOT_OFFERED }, ({ path: name, importer }) =>
      /vscode-languageclient[\\/]lib[\\/]common[\\/][a-z]+\.js$/i.test(importer) ? { path: name, namespace: 'not-offered' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'not-offered' }, () => ({ contents: INERT }));
  },
};

/** The language client in a file of its own: it is most of the code, and activation need not read it. */
const CLIENT = 'vscode-languageclient/node';
const clientApart = {
  name: 'client-apart',
  setup({ onResolve }) {
    onResolve({ filter: /^vscode-languageclient\/node$/ }, () => ({ path: './languageclient.js', external: true }));
  },
};

const common = {
  bundle: true,
  minify: production,
  sourcemap: production ? false : 'linked',
  legalComments: 'none',
  charset: 'utf8',
  logLevel: 'warning',
  absWorkingDir: root,
};
const host = {
  ...common,
  entryPoints: [path.join(source, 'extension.ts')],
  outfile: path.join(dist, 'extension.js'),
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  mainFields: ['module', 'main'],
  external: ['vscode'],
  supported: { 'dynamic-import': false }, // a plain require: the file beside it is no ES module
  plugins: [clientApart],
};
const client = {
  ...host,
  entryPoints: [CLIENT],
  outfile: path.join(dist, 'languageclient.js'),
  plugins: [withoutVersionCheck, withoutUnusedFeatures],
};
const pages = {
  ...common,
  entryPoints: Object.fromEntries(PAGES.map((page) => [page, path.join(source, 'views', page, 'app', 'main.ts')])),
  outdir: path.join(dist, 'webview'),
  platform: 'browser',
  target: 'chrome126',
  format: 'esm',
  splitting: true,
  chunkNames: 'shared-[hash]',
};
const sheet = {
  ...common,
  entryPoints: { foreload: path.join(source, 'views', 'shared', 'foreload.css') },
  outdir: path.join(dist, 'webview'),
  loader: { '.svg': 'dataurl' },
  target: 'chrome126',
};

/** Unit tests of the modules that need no editor, bundled so that node --test runs them. */
function tests() {
  const found = readdirSync(source, { recursive: true }).filter((name) => name.endsWith('.test.ts'));
  const outdir = path.join(root, 'out', 'extension-tests');
  rmSync(outdir, { recursive: true, force: true });
  return {
    ...common,
    minify: false,
    sourcemap: 'inline',
    entryPoints: found.map((name) => path.join(source, name)),
    outdir,
    outbase: source,
    outExtension: { '.js': '.mjs' },
    platform: 'node',
    target: 'node20',
    format: 'esm',
    alias: {
      vscode: path.join(source, 'testing', 'vscode.ts'),
      '@vscode/l10n': path.join(root, 'node_modules', '@vscode', 'l10n', 'dist', 'browser.js'), // as a page has it
    },
    logOverride: { 'import-is-undefined': 'silent' }, // the editor's part in modules of which a test needs the rest
  };
}

/** Bytes of what dist/ ships of the bundle, so that it stays light. */
function bundleBytes(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.map') && !entry.parentPath.includes('wheels'))
    .reduce((sum, entry) => sum + statSync(path.join(entry.parentPath, entry.name)).size, 0);
}

if (process.argv.includes('--tests')) {
  await esbuild.build(tests());
} else if (process.argv.includes('--watch')) {
  for (const options of [host, client, pages, sheet]) await (await esbuild.context(options)).watch();
} else {
  rmSync(path.join(dist, 'webview'), { recursive: true, force: true });
  rmSync(path.join(dist, 'extension.js.map'), { force: true });
  mkdirSync(dist, { recursive: true });
  await Promise.all([host, client, pages, sheet].map((options) => esbuild.build(options)));
  const bytes = bundleBytes(dist);
  console.log(`dist/: ${Math.round(bytes / 1024)} KiB`);
  if (production && bytes > BUNDLE_LIMIT_BYTES) {
    console.error(`The bundle has ${bytes} bytes; allowed are ${BUNDLE_LIMIT_BYTES}.`);
    process.exitCode = 1;
  }
}
