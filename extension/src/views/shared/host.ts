// The way from a page to the extension.

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

/** Messages both ways, and what the page remembers while it is hidden. */
export class Host<FromPage, ToPage, State extends object> {
  private readonly api = acquireVsCodeApi();

  constructor(received: (message: ToPage) => void) {
    addEventListener('message', (event: MessageEvent<ToPage>) => received(event.data));
  }

  send(message: FromPage): void {
    this.api.postMessage(message);
  }

  get state(): Partial<State> {
    return (this.api.getState() as Partial<State> | undefined) ?? {};
  }

  remember(state: Partial<State>): void {
    this.api.setState({ ...this.state, ...state });
  }
}

/** The page's own element. */
export function pageElement(): HTMLElement {
  const page = document.getElementById('page');
  if (page === null) throw new Error('The page has no #page.');
  return page;
}
