// What a decision's page and its panel say to each other.
import type { Explanation } from '../../protocol';

export type FromDecision = { type: 'ready' } | { type: 'act'; action: string } | { type: 'copy' } | { type: 'dashboard' };

export type ToDecision =
  { type: 'explanation'; explanation: Explanation; timeZone: string } | { type: 'answer'; text: string } | { type: 'failed'; text: string };
