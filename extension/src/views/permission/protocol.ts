// What the permission page and its panel say to each other.
import type { Permission, Switches } from '../../protocol';

export type FromPermission =
  { type: 'ready' } | { type: 'choose'; switches: Switches } | { type: 'copy'; text: string } | { type: 'ledger' };

export type ToPermission =
  { type: 'permission'; permission: Permission; timeZone: string; saved: boolean } | { type: 'failed'; text: string };
