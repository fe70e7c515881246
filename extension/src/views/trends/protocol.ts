// What the trends' page and its panel say to each other.
import type { Heaviest, Trends } from '../../protocol';

export type FromTrends = { type: 'ready'; resource: string; by: string } | { type: 'open'; uri: string; line: number };

export type ToTrends = { type: 'trends'; trends: Trends } | { type: 'heaviest'; heaviest: Heaviest } | { type: 'failed'; text: string };
