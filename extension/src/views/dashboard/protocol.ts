// What the dashboard's page and its panel say to each other.
import type { Dashboard, DecisionRow } from '../../protocol';

export type Range = '15m' | '6h' | '7d';

export type FromDashboard =
  | { type: 'ready'; range: Range }
  | { type: 'range'; range: Range }
  | { type: 'act'; action: string; decisionId: string }
  | { type: 'why'; decisionId: string }
  | { type: 'older'; limit: number }
  | { type: 'command'; name: string };

export type ToDashboard =
  | { type: 'dashboard'; dashboard: Dashboard; timeZone: string }
  | { type: 'older'; rows: readonly DecisionRow[] }
  | { type: 'answer'; decisionId: string; text: string }
  | { type: 'unavailable'; stopped: boolean; text: string };
