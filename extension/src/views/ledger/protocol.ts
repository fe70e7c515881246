// What the ledger page and its panel say to each other.
import type { Ledger, Outcome } from '../../protocol';

export type FromLedger = { type: 'ready'; limit: number; switch: string } | { type: 'permission' } | { type: 'purge' } | { type: 'save' };

export type ToLedger =
  { type: 'ledger'; ledger: Ledger; timeZone: string } | { type: 'purged'; outcome: Outcome } | { type: 'failed'; text: string };
