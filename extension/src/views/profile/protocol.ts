// What the profile's editor and its page say to each other.
import type { Pattern, ProfileChange, ProfilePage, Stops } from '../../protocol';

/** A change without the text, which the editor adds. */
export type Change = Pick<ProfileChange, 'action'> & Partial<Omit<ProfileChange, 'text' | 'action'>>;

export type FromProfile =
  { type: 'ready' } | { type: 'change'; change: Change } | { type: 'text' } | { type: 'history' } | { type: 'decline'; pattern: Pattern };

/** `changes` of a page: how many of the page's own changes its text has taken in. */
export type ToProfile =
  | { type: 'page'; page: ProfilePage; changes: number }
  | { type: 'stops'; stops: Stops }
  | { type: 'working' }
  | { type: 'said'; text: string }
  | { type: 'failed'; text: string };
