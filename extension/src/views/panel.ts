// One webview page: made once, shown again, with the strictest policy that works.
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

/** What a page is, and what its messages do. */
export interface PageKind<FromPage> {
  /** Name of its script in dist/webview, and of its panel type `foreload.<name>`. */
  name: string;
  title: string;
  icon: string;
  received(message: FromPage): void;
  /** Shown or hidden; a hidden page has no document and gets no messages. */
  visible?(isVisible: boolean): void;
  closed?(): void;
}

/** At most one panel of a kind. */
export class Page<FromPage, ToPage> implements vscode.WebviewPanelSerializer {
  private panel: vscode.WebviewPanel | undefined;

  constructor(
    private readonly extension: vscode.Uri,
    private readonly kind: PageKind<FromPage>,
  ) {}

  get isVisible(): boolean {
    return this.panel?.visible === true;
  }

  /** Shows the page; makes it where there is none. */
  show(title = this.kind.title): void {
    if (this.panel === undefined) {
      const options = { enableScripts: true, localResourceRoots: [pageRoot(this.extension)] };
      this.adopt(vscode.window.createWebviewPanel(`foreload.${this.kind.name}`, title, vscode.ViewColumn.Active, options));
    } else {
      this.panel.title = title;
      this.panel.reveal();
    }
  }

  post(message: ToPage): void {
    if (this.isVisible) void this.panel?.webview.postMessage(message);
  }

  /** Takes over the panel that the editor restored after a reload. */
  deserializeWebviewPanel(panel: vscode.WebviewPanel): Promise<void> {
    panel.webview.options = { enableScripts: true, localResourceRoots: [pageRoot(this.extension)] };
    this.adopt(panel);
    return Promise.resolve();
  }

  private adopt(panel: vscode.WebviewPanel): void {
    this.panel?.dispose();
    this.panel = panel;
    panel.iconPath = new vscode.ThemeIcon(this.kind.icon) as unknown as vscode.Uri;
    panel.webview.onDidReceiveMessage((message: FromPage) => this.kind.received(message));
    panel.onDidChangeViewState(() => this.kind.visible?.(panel.visible));
    panel.onDidDispose(() => {
      if (this.panel === panel) this.panel = undefined;
      this.kind.closed?.();
    });
    panel.webview.html = pageHtml(panel.webview, this.extension, this.kind.name, this.kind.title);
  }
}

/** The document of a page: one script, one sheet, and nothing else may load. */
export function pageHtml(webview: vscode.Webview, extension: vscode.Uri, name: string, title: string): string {
  const root = pageRoot(extension);
  const nonce = randomBytes(16).toString('base64');
  const file = (part: string): string => webview.asWebviewUri(vscode.Uri.joinPath(root, part)).toString();
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource}`,
    'img-src data:', // the sheet's icons
  ].join('; ');
  return `<!doctype html>
<html lang="${vscode.l10n.bundle === undefined ? 'en' : escaped(vscode.env.language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="${file('foreload.css')}">
<title>${title}</title>
</head>
<body><main id="page" data-page="${name}"${words()}></main><script type="module" nonce="${nonce}" src="${file(`${name}.js`)}"></script></body>
</html>`;
}

/** The editor's language pack for this extension, for the page's own words; nothing where the editor speaks English. */
function words(): string {
  const { bundle } = vscode.l10n;
  return bundle === undefined ? '' : ` data-l10n="${escaped(JSON.stringify(bundle))}"`;
}

function escaped(text: string): string {
  return text.replace(/[&"<>]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The only folder that a page may load from. */
export function pageRoot(extension: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(extension, 'dist', 'webview');
}
