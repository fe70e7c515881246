// Starts the dashboard's page: messages in, at most one drawing a second, none while it is hidden.
import { Host, pageElement } from '../../shared/host';
import type { FromDashboard, ToDashboard } from '../protocol';
import { onThemeChange } from './colours';
import { isYoung } from './model';
import { DashboardPage, type PageState } from './page';

const REDRAW_MILLISECONDS = 1_000;

/** The first range of an environment that was just made; the hours would be empty. */
const YOUNG_RANGE = '15m';

const host = new Host<FromDashboard, ToDashboard, PageState>((message) => receive(message));
const { range = '6h', zoom = null, numbers = false } = host.state;
let isRangeOpen = host.state.range === undefined;
const page = new DashboardPage(
  pageElement(),
  { range, zoom, numbers },
  {
    command: (name) => host.send({ type: 'command', name }),
    why: (decisionId) => host.send({ type: 'why', decisionId }),
    act: (action, decisionId) => host.send({ type: 'act', action, decisionId }),
    older: (limit) => host.send({ type: 'older', limit }),
    range: (chosen) => {
      isRangeOpen = false;
      host.remember({ range: chosen, zoom: null });
      drawnAt = 0;
      host.send({ type: 'range', range: chosen });
    },
    zoomed: (stretch) => host.remember({ zoom: stretch }),
    numbersShown: (shown) => host.remember({ numbers: shown }),
  },
);

let waiting: Extract<ToDashboard, { type: 'dashboard' }> | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
let drawnAt = 0;

function receive(message: ToDashboard): void {
  if (message.type === 'answer') page.answer(message.decisionId, message.text);
  else if (message.type === 'older') page.showOlder(message.rows);
  else if (message.type === 'unavailable') page.unavailable(message.stopped, message.text);
  else if (isRangeOpen && isYoung(message.dashboard)) {
    isRangeOpen = false;
    page.look(YOUNG_RANGE);
    host.send({ type: 'range', range: YOUNG_RANGE });
  } else {
    isRangeOpen = false;
    waiting = message;
    plan();
  }
}

function plan(): void {
  if (waiting === undefined || timer !== undefined || document.hidden) return;
  const rest = drawnAt + REDRAW_MILLISECONDS - performance.now();
  if (drawnAt === 0 || rest <= 0) draw();
  else timer = setTimeout(draw, rest);
}

function draw(): void {
  timer = undefined;
  if (waiting === undefined) return;
  const { dashboard, timeZone } = waiting;
  waiting = undefined;
  drawnAt = performance.now();
  page.show(dashboard, timeZone);
}

document.addEventListener('visibilitychange', () => {
  if (document.hidden) {
    clearTimeout(timer);
    timer = undefined;
  } else {
    plan();
  }
});
onThemeChange(() => page.themeChanged());
host.send({ type: 'ready', range });
